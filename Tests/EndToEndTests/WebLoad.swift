import Foundation
import Shared

/// A web server and its clients, as they really are: for tests in which no request may fail.
enum WebLoad {
    /// An nginx that answers a few bytes; returns its port.
    static func startNginx(in directory: TemporaryDirectory) throws -> UInt16 {
        let port = try Program.freePort()
        directory.open(mode: 0o755)
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(directory($0));"
        }
        try directory.write(
            """
            daemon off; pid \(directory("nginx.pid")); error_log stderr; worker_processes 1;
            events { worker_connections 4096; }
            http {
                access_log off; keepalive_requests 100000000; \(paths.joined(separator: " "))
                server { listen 127.0.0.1:\(port) backlog=4096; location / { return 200 "small\\n"; } }
            }
            """, to: "nginx.conf")
        let nginx = try Program(
            ["nginx", "-p", directory.path, "-e", "stderr", "-c", directory("nginx.conf")],
            in: directory)
        try nginx.waitForPort(port)
        return port
    }

    static func wrk(_ connections: Int, seconds: Int, _ header: String, to port: UInt16) throws
        -> Program
    {
        try Program(
            [
                "wrk", "--threads", "1", "--connections", "\(connections)", "--duration",
                "\(seconds)s", "--timeout", "20s", "--header", header,
                "http://127.0.0.1:\(port)/",
            ], in: TemporaryDirectory())
    }
}
