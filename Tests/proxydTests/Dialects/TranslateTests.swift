import Glibc
import Shared
import Testing

@testable import proxyd

/// What `translate` costs, and what it refuses to read.
@Suite("translate", .serialized, .timeLimit(.untilHung))
struct TranslateTests {
    /// A file of so many lines that are all alike, or nearly so.
    struct Shape: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var dialect: DialectName
        var head = ""
        var line: @Sendable (Int) -> String
        var tail = ""

        var arguments: [String] { dialect == .sockproxy ? ["-f", "/f"] : ["/f"] }
        func text(_ count: Int) -> String {
            head + (0..<count).map(line).joined(separator: "\n") + tail
        }
    }

    private static func address(_ number: Int) -> String {
        "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
    }

    static let shapes = [
        Shape(testDescription: "haproxy sections", dialect: .haproxy, head: "defaults\n mode tcp\n")
        {
            "listen l\n bind \(address($0)):80\n server s 10.0.0.1:81"
        },
        Shape(
            testDescription: "haproxy backends", dialect: .haproxy, head: "defaults\n mode tcp\n"
        ) {
            "frontend f\($0)\n bind \(address($0)):80\n default_backend b\($0)\nbackend b\($0)\n server s 10.0.0.1:81"
        },
        Shape(
            testDescription: "haproxy servers", dialect: .haproxy,
            head: "listen l\n bind 127.0.0.1:80\n"
        ) { " server s \(address($0)):80" },
        Shape(
            testDescription: "haproxy addresses", dialect: .haproxy, head: "listen l\n",
            line: { " bind \(address($0)):80" }, tail: "\n server s 10.0.0.1:81"),
        Shape(
            testDescription: "haproxy unknown lines", dialect: .haproxy,
            head: "listen l\n bind 127.0.0.1:80\n server s 10.0.0.1:81\n"
        ) { " unknown\($0) word" },
        Shape(
            testDescription: "nginx servers", dialect: .nginx, head: "stream {\n",
            line: { "server { listen \(address($0)):80; proxy_pass 10.0.0.1:81; }" }, tail: "\n}"),
        Shape(
            testDescription: "nginx upstream", dialect: .nginx, head: "stream {\nupstream u {\n",
            line: { "server \(address($0)):80;" },
            tail: "\n}\nserver { listen 127.0.0.1:80; proxy_pass u; }\n}"),
        Shape(
            testDescription: "nginx unknown lines", dialect: .nginx,
            head: "stream {\nserver { listen 127.0.0.1:80; proxy_pass 10.0.0.1:81; }\n",
            line: { "unknown\($0) word;" }, tail: "\n}"),
        Shape(
            testDescription: "tcprelay listens", dialect: .tcprelay, head: "id = spawnd {\n",
            line: { "listen = { address = \(address($0)) port = 80 }" },
            tail: "\n}\nid = tcprelay { remote = { address = 10.0.0.1 port = 81 } }\n"),
        Shape(
            testDescription: "tcprelay remotes", dialect: .tcprelay,
            head:
                "id = spawnd { listen = { address = 127.0.0.1 port = 80 } }\nid = tcprelay {\n",
            line: { "remote = { address = \(address($0)) port = 80 }" }, tail: "\n}\n"),
        Shape(
            testDescription: "lighttpd sockets", dialect: .sockproxy, head: "server.port = 1\n"
        ) {
            "$SERVER[\"socket\"] == \"\(address($0)):80\" { sockproxy.server = ( \"\" => (( \"host\" => \"10.0.0.1\", \"port\" => 81 )) ) }"
        },
        Shape(
            testDescription: "lighttpd unknown keys", dialect: .sockproxy,
            head:
                "server.port = 1\nsockproxy.server = ( \"\" => (( \"host\" => \"10.0.0.1\", \"port\" => 81 )) )\n"
        ) { "some.key\($0) = \"x\"" },
    ]

    /// Nanoseconds of this thread.
    private static func cost(_ shape: Shape, _ count: Int) throws -> UInt64 {
        let environment = HostEnvironment.with(["/f": shape.text(count)])
        let call = DialectCall(shape.dialect, shape.arguments)
        let start = now
        guard case .run(var plan) = try call.meaning(in: environment) else {
            throw Missing("a plan")
        }
        plan.configuration = try plan.validated(for: call)
        #expect(plan.yaml(for: call).utf8.count > count)
        return now - start
    }

    private static var now: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    @Test("eight times the lines cost eight times the time, and not sixty-four", arguments: shapes)
    func isLinear(shape: Shape) throws {
        // What is done once only is done before.
        _ = try Self.cost(shape, 10)
        let few = try Self.cost(shape, 150)
        let many = try Self.cost(shape, 1200)
        #expect(many < 24 * few, "\(many) ns against \(few) ns")
    }

    @Test("of what no brace closes the rest of the file is not looked through each time")
    func openBraces() throws {
        let text = "id = spawnd { \"" + String(repeating: "${ ", count: 300_000)
        let environment = HostEnvironment.with(["/f": text])
        #expect(throws: DialectError.self) {
            _ = try DialectCall(.tcprelay, ["/f"]).meaning(in: environment)
        }
    }

    @Test("one long word, and a backend that every frontend names, are bounded")
    func bounded() throws {
        let word = "listen l\n bind 127.0.0.1:80\n server s 10.0.0.1:81\n unknown "
        let long = HostEnvironment.with(["/f": word + String(repeating: "x", count: 4 << 20)])
        _ = try DialectCall(.haproxy, ["/f"]).meaning(in: long)
        let fronts = (0..<500).map {
            "frontend f\($0)\n bind \(Self.address($0)):80\n default_backend b\n"
        }
        let servers = (0..<500).map { " server s\($0) 10.0.0.1:81\n" }
        let many = HostEnvironment.with([
            "/f": "defaults\n mode tcp\n" + fronts.joined() + "backend b\n" + servers.joined()
        ])
        let error = #expect(throws: DialectError.self) {
            _ = try DialectCall(.haproxy, ["/f"]).meaning(in: many)
        }
        #expect(error?.text.contains("means more than 100000 servers") == true)
    }

    @Test(
        "a pipe, a directory or a device is refused at once, by name and kind",
        arguments: DialectName.allCases.filter { $0 == .haproxy || $0 == .nginx })
    func irregular(dialect: DialectName) throws {
        let folder = try TestFolder()
        #expect(unsafe mkfifo(folder.file("fifo"), 0o600) == 0)
        for (path, kind) in [
            (folder.file("fifo"), "a pipe"), (folder.path, "a directory"),
            ("/dev/zero", "a device"),
        ] {
            let error = #expect(throws: DialectError.self) {
                _ = try DialectCall(dialect, [path]).meaning(in: .real)
            }
            #expect(error?.status == 66)
            #expect(error?.text.contains("\(path): ") == true)
            #expect(error?.text.contains("it is \(kind), not a regular file") == true)
        }
    }
}
