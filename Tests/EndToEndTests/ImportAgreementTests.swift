import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The same clients meet the same, whether HAProxy or nginx runs its file or proxyd runs the translation.
    @Suite(
        "imported TLS", .tags(.realProgram), .timeLimit(.minutes(5)),
        .enabled(if: Program.exist("openssl")))
    struct ImportAgreementTests {
        private let directory: TemporaryDirectory
        private let channel: LocalChannel

        init() throws {
            directory = try TemporaryDirectory()
            channel = try LocalChannel.letter("C")
            for name in ["a", "b"] { try certificate(name) }
        }

        /// `NAME.pem` with its key, and `NAME.crt` and `NAME.key` apart; an authority to itself.
        private func certificate(_ name: String) throws {
            try Program.run(
                [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=\(name).example", "-addext", "subjectAltName=DNS:\(name).example",
                    "-keyout", directory("\(name).key"), "-out", directory("\(name).crt"),
                ], in: directory)
            try directory.write(
                directory.read("\(name).crt") + directory.read("\(name).key"), to: "\(name).pem")
        }

        /// A client, and what it meets: whose certificate, and which letter.
        private struct Visit {
            var port: UInt16
            var words: [String] = []
            var expected: String
        }

        private func outcome(of visit: Visit) throws -> String {
            // Their own starts are asynchronous; a refused connect says nothing about TLS.
            let client = try Program(
                [
                    "openssl", "s_client", "-connect", "127.0.0.1:\(visit.port)", "-ign_eof",
                    "-brief",
                ]
                    + visit.words, in: directory)
            try eventually("something has come through TLS, or an end") {
                !client.output.isEmpty || !client.isRunning
            }
            if client.isRunning { try client.stop(with: SIGKILL) }
            guard !client.output.isEmpty else { return "-" }
            let line = client.errors.split(whereSeparator: \.isNewline)
                .first { $0.hasPrefix("Peer certificate: ") }
            return (line?.split(separator: " ").last.map(String.init) ?? "?") + " " + client.output
        }

        private func expect(
            _ visits: [Visit], of program: String, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            for visit in visits {
                let outcome = try outcome(of: visit)
                #expect(
                    outcome == visit.expected, "\(program): \(visit.words)",
                    sourceLocation: sourceLocation)
            }
        }

        /// First the original, then the translation, on the same ports.
        private func compare(
            _ dialect: String, _ file: String, by words: [String], _ visits: [Visit]
        ) throws {
            let original = try Program(words, in: directory)
            for port in Set(visits.map(\.port)) { try original.waitForPort(port) }
            try expect(visits, of: dialect)
            _ = try original.stop(with: SIGKILL)
            let text = try Program.run([Daemon.binary, "translate", dialect, file], in: directory)
            let control = "control: { socket: \"\(directory("control.sock"))\" }\n"
            let translation = try directory.write(control + text, to: "translated.yaml")
            let daemon = try Daemon(
                arguments: ["run", "--drain", "0s", translation], in: directory)
            do {
                try expect(visits, of: "proxyd")
            } catch {
                Issue.record("\(daemon.program.report)\n\(text)")
                throw error
            }
            try daemon.stop()
        }

        @Test("HAProxy's file", .enabled(if: Program.exist("haproxy")))
        func haproxy() throws {
            let ports = try (0..<7).map { _ in try Program.freePort() }
            let file = try directory.write(
                """
                global
                  crt-base \(directory.path)
                  ca-base \(directory.path)
                  ssl-default-bind-options ssl-min-ver TLSv1.2
                defaults
                  mode tcp
                  timeout connect 3s
                  timeout client 20s
                  timeout server 20s
                frontend names
                  bind 127.0.0.1:\(ports[0]) ssl crt a.pem crt b.pem strict-sni
                  default_backend plain
                frontend staff
                  bind 127.0.0.1:\(ports[1]) ssl crt a.pem ca-file b.crt verify required ssl-min-ver TLSv1.3
                  default_backend plain
                frontend through
                  bind 127.0.0.1:\(ports[2])
                  tcp-request inspect-delay 5s
                  tcp-request content accept if { req_ssl_hello_type 1 }
                  use_backend to_a if { req_ssl_sni -i A.example }
                  default_backend to_b
                listen a
                  bind 127.0.0.1:\(ports[3]) ssl crt a.pem
                  server s 127.0.0.1:\(channel.endpoint.port)
                listen b
                  bind 127.0.0.1:\(ports[4]) ssl crt b.pem
                  server s 127.0.0.1:\(channel.endpoint.port)
                listen verified
                  bind 127.0.0.1:\(ports[5]) ssl crt a.pem
                  server s 127.0.0.1:\(ports[4]) ssl verify required ca-file b.crt verifyhost b.example
                listen misnamed
                  bind 127.0.0.1:\(ports[6]) ssl crt a.pem
                  server s 127.0.0.1:\(ports[4]) ssl verify required ca-file b.crt verifyhost a.example
                backend plain
                  server s 127.0.0.1:\(channel.endpoint.port)
                backend to_a
                  server s 127.0.0.1:\(ports[3])
                backend to_b
                  server s 127.0.0.1:\(ports[4])

                """, to: "haproxy.cfg")
            let own = ["-cert", directory("b.crt"), "-key", directory("b.key")]
            let other = ["-cert", directory("a.crt"), "-key", directory("a.key")]
            try compare(
                "haproxy", file, by: ["haproxy", "-db", "-f", file],
                [
                    Visit(
                        port: ports[0], words: ["-servername", "a.example"], expected: "a.example C"
                    ),
                    Visit(
                        port: ports[0], words: ["-servername", "B.example"], expected: "b.example C"
                    ),
                    Visit(port: ports[0], words: ["-servername", "c.example"], expected: "-"),
                    Visit(port: ports[1], words: own, expected: "a.example C"),
                    Visit(port: ports[1], words: other, expected: "-"),
                    Visit(port: ports[1], expected: "-"),
                    Visit(port: ports[1], words: own + ["-tls1_2"], expected: "-"),
                    Visit(
                        port: ports[2], words: ["-servername", "a.example"], expected: "a.example C"
                    ),
                    Visit(
                        port: ports[2], words: ["-servername", "x.example"], expected: "b.example C"
                    ),
                    Visit(port: ports[2], words: ["-noservername"], expected: "b.example C"),
                    Visit(port: ports[5], expected: "a.example C"),
                    Visit(port: ports[6], expected: "-"),
                ])
        }

        private static let stream = "/usr/lib/nginx/modules/ngx_stream_module.so"

        @Test(
            "nginx's file",
            .enabled(
                if: Program.exist("nginx") && FileManager.default.fileExists(atPath: stream)))
        func nginx() throws {
            let ports = try (0..<5).map { _ in try Program.freePort() }
            let file = try directory.write(
                """
                load_module \(Self.stream);
                daemon off;
                master_process off;
                error_log stderr;
                pid \(directory("nginx.pid"));
                events { worker_connections 256; }
                stream {
                  map $ssl_preread_server_name $to {
                    hostnames;
                    a.example 127.0.0.1:\(ports[1]);
                    .wide.example 127.0.0.1:\(ports[1]);
                    default b;
                  }
                  upstream b { server 127.0.0.1:\(ports[2]); }
                  upstream misnamed { server 127.0.0.1:\(ports[2]); }
                  server { listen 127.0.0.1:\(ports[0]); ssl_preread on; proxy_pass $to; }
                  server {
                    listen 127.0.0.1:\(ports[1]) ssl;
                    ssl_certificate a.crt; ssl_certificate_key a.key;
                    ssl_protocols TLSv1.3;
                    proxy_pass 127.0.0.1:\(channel.endpoint.port);
                  }
                  server {
                    listen 127.0.0.1:\(ports[2]) ssl;
                    ssl_certificate b.crt; ssl_certificate_key b.key;
                    proxy_pass 127.0.0.1:\(channel.endpoint.port);
                  }
                  server {
                    listen 127.0.0.1:\(ports[3]) ssl;
                    ssl_certificate a.crt; ssl_certificate_key a.key;
                    ssl_verify_client on; ssl_client_certificate b.crt;
                    proxy_ssl on; proxy_ssl_verify on; proxy_ssl_trusted_certificate b.crt;
                    proxy_ssl_name b.example;
                    proxy_pass 127.0.0.1:\(ports[2]);
                  }
                  server {
                    listen 127.0.0.1:\(ports[4]) ssl;
                    ssl_certificate a.crt; ssl_certificate_key a.key;
                    proxy_ssl on; proxy_ssl_verify on; proxy_ssl_trusted_certificate b.crt;
                    proxy_pass misnamed;
                  }
                }

                """, to: "nginx.conf")
            let own = ["-cert", directory("b.crt"), "-key", directory("b.key")]
            try compare(
                "nginx", file, by: ["nginx", "-p", directory.path, "-e", "stderr", "-c", file],
                [
                    Visit(
                        port: ports[0], words: ["-servername", "a.example"], expected: "a.example C"
                    ),
                    Visit(
                        port: ports[0], words: ["-servername", "x.wide.example"],
                        expected: "a.example C"),
                    Visit(
                        port: ports[0], words: ["-servername", "x.example"], expected: "b.example C"
                    ),
                    Visit(port: ports[1], expected: "a.example C"),
                    Visit(port: ports[1], words: ["-tls1_2"], expected: "-"),
                    Visit(port: ports[3], words: own, expected: "a.example C"),
                    Visit(port: ports[3], expected: "-"),
                    Visit(port: ports[4], expected: "-"),
                ])
        }
    }
}
