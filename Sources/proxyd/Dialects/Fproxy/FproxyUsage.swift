/// What `fproxy -h` prints, and ours in addition.
enum FproxyUsage {
    static func text(_ program: String) -> String {
        """
        fproxy V0.41 - non-forking tcp proxy using the epoll() framework

        Usage:
          \(program) [-o<logfile>] [-e<errorlog>] [-p<pidfile>] [-f] [-y<# bytes>]
                 [-t<timeout>] [-g<grace>] [-s0] [-s1] [-s2] [-s3] [-s4]
                 <cluster[:port]> [ ... ] -- <backend[:port]> [ ... ]
          \(program) -h

          -o<logfile>   access log (/var/log/fproxy.log)
          -e<errorlog>  error log (/var/log/fproxy.err)
          -p<pidfile>   process id file (/var/run/fproxy.pid)
          -f            stay in the foreground, and use none of the three files
          -y<# bytes>   connect to a backend once the client has sent so many bytes (0)
          -t<timeout>   drop clients that are idle for so many seconds (0: never)
          -g<grace>     leave a failed backend alone for so many seconds (60)
          -s0           round robin
          -s1           fewest connections handled so far
          -s2           fewest bytes processed so far
          -s3           least connection time consumed so far
          -s4           least workload: connections, bytes and time together (default)
          -h            this text

          cluster, backend: a path of a Unix socket, or an IPv4 or IPv6 address with a
          port (80). IPv6 with a port stands in brackets: [::1]:8080.

        """
    }

    static func help(_ program: String) -> String {
        text(program) + """

            This is proxyd. In addition to what fproxy does there is a control socket, whose place the
            variable PROXYD_CONTROL names: see "proxyd ctl" and proxytop(1). Host names are taken, too;
            SIGQUIT does as SIGTERM. "proxyd translate fproxy ..." prints the configuration file that the
            same arguments mean.

            """
    }
}
