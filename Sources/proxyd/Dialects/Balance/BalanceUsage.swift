/// balance's usage text, and ours in addition.
enum BalanceUsage {
    private static let hashed = "Hash Type"

    static func text(_ program: String) -> String {
        #"""
         _           _
        | |__   __ _| | __ _ _ __   ___ ___
        | '_ \ / _` | |/ _` | '_ \ / __/ _ \
        | |_) | (_| | | (_| | | | | (_|  __/
        |_.__/ \__,_|_|\__,_|_| |_|\___\___|

        """#
            + """
              this is balance \(BalanceDialect.version)

            usage:
              \(program) [-b addr] [-B addr] [-t sec] [-T sec] [-adfpHM6] \\
                      port [h1[:p1[:maxc1]] [!%] [ ... hN[:pN[:maxcN]]]]
              \(program) [-b addr] -i [-d] [-M] port
              \(program) [-b addr] -c cmd [-d] [-M] port

              -a        enable channel autodisable option
              -b host   bind to specific address
              -B host   specify bind address for outgoing connections
              -c cmd    execute specified interactive command
              -d        debugging on
              -f        stay in foreground
              -H        failover even if \(hashed) is used
              -i        interactive control
              -M        use MMAP instead of SHM for IPC
              -p        packetdump
              -t sec    specify connect timeout in seconds (default=5)
              -T sec    timeout (seconds) for select (0 => never) (default=0)
              -6        use IPv6 for listening

               !        separates channelgroups (declaring previous to be Round Robin)
               %        as !, but declaring previous group to be a \(hashed)

            examples:
              balance smtp mailhost1:smtp mailhost2:25 mailhost3
              balance -i smtp
              balance -b 2001:DB8::1 80 10.1.1.1 10.1.1.2
              balance -b 2001:DB8::1 80
              balance -b ::ffff:10.1.1.3 80 10.1.1.1 10.1.1.2


            """
    }

    static func help(_ program: String) -> String {
        text(program) + """
            This is proxyd. In addition to what balance does there are hosts that are IPv6 addresses in
            brackets, unix:/path as a host, and a control socket in place of shared memory:
            \(BalanceDialect.folder)/balance.PORT.ADDRESS, or in the directory that the variable
            \(BalanceDialect.folderVariable) names; "proxyd ctl --socket" and proxytop(1) use it, too.
            "proxyd translate balance ..." prints the configuration file that the same arguments mean.

            """
    }
}
