import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Probes of the servers that they are made for, as Debian has them; each runs in a folder of its own.
    @Suite("probes of real servers", .tags(.realProgram))
    struct ProbeServerTests {
        private func services(_ channels: [(name: String, port: UInt16, settings: String)])
            -> String
        {
            "- listen: [\"127.0.0.1:0\"]\n  channels:\n"
                + channels.map {
                    "  - { name: \($0.name), address: \"127.0.0.1:\($0.port)\", \($0.settings) }\n"
                }.joined()
        }

        /// What `probe` says of the channel: the verdict and its words.
        private func verdict(_ daemon: Daemon, _ channel: String) throws -> [String] {
            let table = try #require(Table(lines: try daemon.ask("probe 0/\(channel)").lines))
            return Array(try #require(table.rows.first)[2...3])
        }

        private static func probe(_ text: String) -> String { "probe: \(text)" }

        @Test(
            "Postfix is met as its clients should: after its greeting, and by an address",
            .enabled(if: Program.exist("postfix") && getuid() == 0))
        func postfix() throws {
            let directory = try TemporaryDirectory()
            directory.open(mode: 0o755)
            let (plain, proxied) = (try Program.freePort(), try Program.freePort())
            let slow = try Program.freePort()
            let postfix = try startPostfix(directory, plain: plain, proxied: proxied, slow: slow)
            try postfix.waitForPort(plain)
            let header = "proxy-protocol"
            try withDaemon(
                services([
                    ("plain", plain, Self.probe("smtp")),
                    ("v1", proxied, "\(header): v1, " + Self.probe("smtp")),
                    ("v2", proxied, "\(header): v2, " + Self.probe("smtp")),
                    ("v1connect", proxied, "\(header): v1, " + Self.probe("connect")),
                    ("postscreen", slow, Self.probe("{ kind: smtp, timeout: 10s }")),
                ])
            ) { daemon in
                for channel in ["plain", "v1", "v2", "v1connect", "postscreen"] {
                    let found = try verdict(daemon, channel)
                    #expect(found == ["good", "ok"], "\(channel)")
                }
            }
            try postfix.stop()
            let log = directory.read("log")
            for word in ["warning", "PREGREET", "HANGUP", "BARE NEWLINE", "NON-SMTP"] {
                #expect(!log.contains(word), "\(log)")
            }
            #expect(log.contains("PASS NEW"))
        }

        private func startPostfix(
            _ directory: TemporaryDirectory, plain: UInt16, proxied: UInt16, slow: UInt16
        ) throws -> Program {
            for folder in ["etc", "spool", "data"] {
                try FileManager.default.createDirectory(
                    atPath: directory(folder), withIntermediateDirectories: true)
            }
            try Program.run(["chown", "postfix", directory("data")])
            try directory.write(
                """
                compatibility_level = 3.6
                queue_directory = \(directory("spool"))
                data_directory = \(directory("data"))
                command_directory = /usr/sbin
                daemon_directory = /usr/lib/postfix/sbin
                inet_interfaces = 127.0.0.1
                inet_protocols = ipv4
                myhostname = mx.example.com
                mydestination =
                alias_maps =
                maillog_file = \(directory("log"))
                maillog_file_prefixes = \(directory.path)
                smtpd_peername_lookup = no
                postscreen_access_list =
                postscreen_greet_wait = 1s
                postscreen_greet_action = enforce
                postscreen_greet_banner = wait
                """, to: "etc/main.cf")
            try directory.write(
                """
                127.0.0.1:\(plain) inet n - n - - smtpd
                127.0.0.1:\(proxied) inet n - n - - smtpd -o smtpd_upstream_proxy_protocol=haproxy
                127.0.0.1:\(slow) inet n - n - 1 postscreen
                smtpd pass - - n - - smtpd
                dnsblog unix - - n - 0 dnsblog
                tlsproxy unix - - n - 0 tlsproxy
                anvil unix - - n - 1 anvil
                proxymap unix - - n - - proxymap
                tlsmgr unix - - n 1000? 1 tlsmgr
                postlog unix-dgram n - n - 1 postlogd

                """, to: "etc/master.cf")
            return try Program(
                ["postfix", "-c", directory("etc"), "start-fg"], in: directory)
        }

        @Test(
            "Dovecot takes the PROXY header of a probe, and greets",
            .enabled(if: Program.exist("dovecot") && getuid() == 0))
        func dovecot() throws {
            let directory = try TemporaryDirectory()
            directory.open(mode: 0o755)
            let (plain, proxied) = (try Program.freePort(), try Program.freePort())
            try directory.write(
                """
                base_dir = \(directory("run"))
                state_dir = \(directory("run"))
                log_path = \(directory("log"))
                protocols = imap
                listen = 127.0.0.1
                ssl = no
                haproxy_trusted_networks = 127.0.0.1
                passdb {
                  driver = static
                  args = nopassword=y
                }
                userdb {
                  driver = static
                  args = uid=nobody gid=nogroup home=\(directory.path)
                }
                service imap-login {
                  inet_listener imap {
                    port = \(plain)
                  }
                  inet_listener proxied {
                    port = \(proxied)
                    haproxy = yes
                  }
                  inet_listener imaps {
                    port = 0
                  }
                }

                """, to: "dovecot.conf")
            let dovecot = try Program(
                ["dovecot", "-F", "-c", directory("dovecot.conf")], in: directory)
            try dovecot.waitForPort(plain)
            let steps = """
                { kind: send-expect, timeout: 10s, steps: [{ expect: "* OK" }, \
                { send: "a LOGOUT\\r\\n" }, { expect: "* BYE" }, { expect: "a OK" }] }
                """
            try withDaemon(
                services([
                    ("plain", plain, Self.probe(steps)),
                    ("v1", proxied, "proxy-protocol: v1, " + Self.probe(steps)),
                    ("v2", proxied, "proxy-protocol: v2, " + Self.probe(steps)),
                ])
            ) { daemon in
                for channel in ["plain", "v1", "v2"] {
                    let found = try verdict(daemon, channel)
                    #expect(found == ["good", "ok"], "\(channel)")
                }
            }
            try dovecot.stop()
            #expect(!directory.read("log").contains("haproxy:"), "\(directory.read("log"))")
        }

        @Test(
            "MariaDB lives, whatever it has against the login",
            .enabled(if: Program.exist("mariadbd", "mariadb-install-db", "setpriv")))
        func mariaDB() throws {
            let directory = try TemporaryDirectory()
            directory.open(mode: 0o777)
            let port = try Program.freePort()
            let prefix = getuid() == 0 ? TroubleTests.asNobody : []
            try Program.run(
                [
                    "mariadb-install-db", "--no-defaults", "--datadir=\(directory("data"))",
                    "--auth-root-authentication-method=normal", "--skip-test-db",
                    "--tmpdir=\(directory.path)",
                ], prefix: prefix, in: directory)
            try directory.write(
                """
                CREATE USER proxyd@'%';
                CREATE USER locked@'%' ACCOUNT LOCK;
                CREATE USER expired@'%' PASSWORD EXPIRE;

                """, to: "init.sql")
            let server = try Program(
                [
                    "mariadbd", "--no-defaults", "--datadir=\(directory("data"))",
                    "--port=\(port)", "--bind-address=127.0.0.1", "--socket=\(directory("socket"))",
                    "--tmpdir=\(directory.path)", "--pid-file=\(directory("pid"))",
                    "--skip-name-resolve",
                    "--disconnect-on-expired-password", "--init-file=\(directory("init.sql"))",
                ], prefix: prefix, in: directory)
            try server.waitForPort(port)
            try withDaemon(
                services([
                    ("fine", port, Self.probe("mysql")),
                    ("denied", port, Self.probe("{ kind: mysql, user: nosuchuser }")),
                    ("locked", port, Self.probe("{ kind: mysql, user: locked }")),
                    ("expired", port, Self.probe("{ kind: mysql, user: expired }")),
                ])
            ) { daemon in
                let denied = try verdict(daemon, "denied")
                #expect(denied[0] == "good")
                for (channel, words) in [
                    ("fine", "ok"), ("locked", "ok: login denied (4151)"),
                    ("expired", "ok: login denied (1862)"),
                ] {
                    let found = try verdict(daemon, channel)
                    #expect(found == ["good", words])
                }
            }
            try server.stop()
        }

        @Test("memcached tells its version", .enabled(if: Program.exist("memcached", "setpriv")))
        func memcached() throws {
            let port = try Program.freePort()
            let memcached = try Program(
                ["memcached", "-l", "127.0.0.1", "-p", "\(port)", "-U", "0"],
                prefix: getuid() == 0 ? TroubleTests.asNobody : [], in: TemporaryDirectory())
            try memcached.waitForPort(port)
            let steps = """
                { kind: send-expect, steps: [{ send: "version\\r\\n" }, { expect: "VERSION " }, \
                { send: "quit\\r\\n" }] }
                """
            try withDaemon(services([("a", port, Self.probe(steps))])) { daemon in
                let found = try verdict(daemon, "a")
                #expect(found == ["good", "ok"])
            }
            try memcached.stop()
        }

        @Test(
            "sshd tells its protocol", .enabled(if: Program.exist("sshd", "ssh-keygen", "setpriv")))
        func sshd() throws {
            let directory = try TemporaryDirectory()
            directory.open(mode: 0o777)
            let port = try Program.freePort()
            let prefix = getuid() == 0 ? TroubleTests.asNobody : []
            try Program.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory("key")],
                prefix: prefix, in: directory)
            let sshd = try Program(
                [
                    "sshd", "-D", "-e", "-f", "/dev/null", "-p", "\(port)", "-h", directory("key"),
                    "-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none",
                ], prefix: prefix, in: directory)
            try sshd.waitForPort(port)
            let steps = "{ kind: send-expect, steps: [{ expect: \"SSH-2.0-\" }] }"
            try withDaemon(services([("a", port, Self.probe(steps))])) { daemon in
                let found = try verdict(daemon, "a")
                #expect(found == ["good", "ok"])
            }
            try sshd.stop()
        }

        // MARK: All at once

        @Test(
            "after all channels have failed at once, the first that works ends the grace of the others"
        )
        func allAtOnce() throws {
            let doors = [try Socket.bound(), try Socket.bound(), try Socket.bound()]
            let list = try doors.map { "\"\(try $0.endpoint)\"" }.joined(separator: ", ")
            try withDaemon("- { listen: [\"127.0.0.1:0\"], channels: [\(list)] }\n") { daemon in
                #expect(try FailoverTests.letter(daemon) == nil)
                try daemon.waitForLine("has lost all 3 channels")
                for door in doors { #expect(listen(door.number, 8) == 0) }
                let client = try daemon.client()
                try client.send("x")
                try eventually("all are up") {
                    try daemon.channels().allSatisfy { $0.state == .up }
                }
            }
        }
    }
}
