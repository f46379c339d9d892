import Foundation
import Shared
import Testing

/// A daemon that was started by another program's command line.
struct RelayDialect {
    let directory: TemporaryDirectory
    let words: [String]

    init(_ words: [String], in directory: TemporaryDirectory) {
        self.words = words
        self.directory = directory
    }

    private var prefix: [String] { ["env", "PROXYD_CONTROL=\(directory("control.sock"))"] }

    /// Starts it, and ends it when `body` is through, with whatever sessions it has.
    func run(
        sourceLocation: SourceLocation = #_sourceLocation, _ body: (Daemon) throws -> Void
    ) throws {
        let daemon = try Daemon(arguments: words, prefix: prefix, in: directory)
        do {
            try body(daemon)
        } catch {
            Issue.record(
                "\(words) said: \(daemon.program.errorsSoFar.suffix(3000))",
                sourceLocation: sourceLocation)
            throw error
        }
        guard daemon.program.isRunning else { return }
        // The second one ends those that are left.
        kill(daemon.program.pid, SIGTERM)
        let status = try daemon.program.stop(with: SIGINT)
        #expect(status == 0, "\(daemon.program.report)", sourceLocation: sourceLocation)
    }

    /// How it ends that does not go on running, and what it says.
    func end() throws -> (status: Int, program: Program) {
        let program = try Program([Daemon.binary] + words, prefix: prefix, in: directory)
        return (try program.waitForEnd(), program)
    }
}

extension Daemon {
    /// The letter that a client gets, which is then gone; `-` for none.
    func letter(from source: String? = nil, listener: Int = 0) throws -> String {
        let client = try client(from: source, listener: listener)
        defer { client.close() }
        return try client.letterOrNone()
    }

    /// The letters of clients that come one after the other.
    func letters(_ count: Int, from source: String? = nil) throws -> String {
        try (0..<count).map { _ in
            let letter = try letter(from: source)
            try waitUntilNoSessions()
            return letter
        }.joined()
    }

    /// The letters of clients that stay until the end.
    func held(_ count: Int, from source: String? = nil) throws -> (letters: String, [Socket]) {
        let clients = try (0..<count).map { _ in
            let client = try client(from: source)
            return (client, try client.letterOrNone())
        }
        return (clients.map(\.1).joined(), clients.map(\.0))
    }

    func client(from source: String?, listener: Int = 0) throws -> Socket {
        guard let source else { return try client(listener) }
        let address = try #require(IPAddress(source))
        return try .connected(from: .ip(address, port: 0), to: endpoint(listener))
    }
}

extension Socket {
    /// Who is at the other end.
    func peer() throws -> Endpoint {
        var storage = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getpeername(number, __SOCKADDR_ARG(__sockaddr__: $0), &length)
            }
        }
        guard result == 0 else { throw SocketError(errno, "getpeername") }
        return .ip(
            .v4(UInt32(bigEndian: storage.sin_addr.s_addr)),
            port: UInt16(bigEndian: storage.sin_port))
    }

    func letterOrNone() throws -> String {
        do {
            let bytes = try receive(atMost: 1)
            return bytes.isEmpty ? "-" : String(decoding: bytes, as: UTF8.self)
        } catch let error as SocketError where error.isReset {
            return "-"
        }
    }
}
