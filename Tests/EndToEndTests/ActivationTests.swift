import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Sockets that a service manager has opened (sd_listen_fds(3)).
    @Suite("passed sockets", .timeLimit(.minutes(5)))
    struct ActivationTests {
        private let directory: TemporaryDirectory

        init() throws { directory = try TemporaryDirectory() }

        /// Opens sockets as a service manager does, NAME=ADDRESS each, and becomes the program behind “--”.
        private static let manager = #"""
            use Socket; $^F = 100; my ($n, @names, @kept) = (0);
            while ((my $word = shift) ne '--') {
                my ($name, $at) = split /=/, $word; my $s;
                if ($at eq 'udp') { socket($s, AF_INET, SOCK_DGRAM, 0) }
                elsif ($at =~ m{^/}) {
                    socket($s, AF_UNIX, SOCK_STREAM, 0);
                    bind($s, sockaddr_un($at)) or die "$at: $!"; listen($s, 100)
                } else {
                    my ($host, $port) = split /:/, $at; socket($s, AF_INET, SOCK_STREAM, 0);
                    setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
                    bind($s, sockaddr_in($port, inet_aton($host))) or die "$at: $!"; listen($s, 100)
                }
                fileno($s) == 3 + $n++ or die; push @kept, $s; push @names, $name
            }
            $ENV{LISTEN_PID} //= $$; $ENV{LISTEN_FDS} //= $n; $ENV{LISTEN_FDNAMES} = join ':', @names;
            exec @ARGV
            """#

        private func prefix(_ sockets: [String]) throws -> [String] {
            ["perl", try directory.write(Self.manager, to: "manager.pl")] + sockets + ["--"]
        }

        @Test("are taken up by whatever has their address, and stay the service manager's")
        func taken() throws {
            let channel = try LocalChannel.echo()
            let ports = try (0..<3).map { _ in try Program.freePort() }
            let script = try directory.write(
                "#!/bin/sh\nenv >'\(directory("environment"))'\n", to: "probe")
            _ = unsafe chmod(script, 0o755)
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                metrics: { listen: "127.0.0.1:\(ports[1])" }
                services:
                - name: mail
                  listen: ["127.0.0.1:\(ports[0])", "unix:\(directory("mail.sock"))", "127.0.0.1:0"]
                  channels:
                  - { address: "\(channel.endpoint)", probe: { kind: script, command: "\(script)" } }
                """, to: "proxyd.yaml")
            let daemon = try Daemon(
                arguments: ["run", "--drain", "0s", file],
                prefix: try prefix([
                    "web=127.0.0.1:\(ports[0])", "local=\(directory("mail.sock"))",
                    "metrics=127.0.0.1:\(ports[1])", "control=\(directory("control.sock"))",
                    "odd=127.0.0.1:\(ports[2])",
                ]), in: directory)
            try daemon.waitForLine(
                "the service manager's socket 127.0.0.1:\(ports[2]) (odd) is closed: no listener")
            for index in 0..<3 {
                let client = try daemon.client(index)
                try client.send("hello")
                #expect(try client.receive(exactly: 5) == Array("hello".utf8))
            }
            _ = try Socket.connected(to: .ip(.loopbackV4, port: ports[1]))
            let refused = #expect(throws: SocketError.self) {
                try Socket.connected(to: .ip(.loopbackV4, port: ports[2]))
            }
            #expect(refused?.isRefused == true)
            // A listener that goes and comes again gets the same socket: nobody else could bind there.
            try daemon.ask("remove listener mail/0")
            try daemon.ask("create listener mail 127.0.0.1:\(ports[0])")
            _ = try Socket.connected(to: .ip(.loopbackV4, port: ports[0]))
            try eventually("the script has run") {
                FileManager.default.fileExists(atPath: directory("environment"))
                    && !directory.read("environment").isEmpty
            }
            #expect(!directory.read("environment").contains("LISTEN_"))
            try daemon.stop()
            for name in ["mail.sock", "control.sock"] {
                #expect(FileManager.default.fileExists(atPath: directory(name)), "\(name)")
            }
        }

        @Test(
            "that cannot be used end the start",
            arguments: [
                (["a=udp"], [:], "descriptor 3 (a), which is not a listening stream socket"),
                ([], ["LISTEN_FDS": "1"], "descriptor 3, which is not open"),
                ([], ["LISTEN_FDS": "x"], "LISTEN_FDS: invalid number of sockets “x”"),
            ] as [([String], [String: String], String)])
        func unusable(sockets: [String], environment: [String: String], words: String) throws {
            let program = try Program(
                [
                    Daemon.binary, "run", "--control", directory("control.sock"), "-l",
                    "127.0.0.1:0", "--", "127.0.0.1:9",
                ], prefix: try prefix(sockets), in: directory, environment: environment)
            #expect(try program.waitForEnd() == 78)
            #expect(program.errors.contains(words), "\(program.errors)")
        }

        @Test("that are meant for another process are not looked at")
        func others() throws {
            let daemon = try Daemon(
                arguments: [
                    "run", "--drain", "0s", "--control", directory("control.sock"), "-l",
                    "127.0.0.1:0", "--", "127.0.0.1:9",
                ],
                prefix: ["env", "LISTEN_PID=1", "LISTEN_FDS=9"], in: directory)
            try daemon.stop()
        }
    }
}
