import CLinux
import Glibc
import Shared

@testable import proxyd

/// The test's end of a connection that speaks TLS: waits as `TestSocket` does.
final class TestTLS {
    let socket: TestSocket
    let tls: TLSConnection

    init(_ socket: TestSocket, _ tls: TLSConnection) {
        self.socket = socket
        self.tls = tls
    }

    /// Of a client that has connected; its handshake is still to come.
    static func client(
        _ socket: TestSocket, _ client: TLSClient, resumes: Bool = true
    ) throws -> TestTLS {
        TestTLS(
            socket,
            try client.connection(
                on: socket.number, serverName: nil, alpn: nil, resumes: resumes))
    }

    /// Of a server that has accepted.
    static func server(_ socket: TestSocket, _ server: TLSServer) throws -> TestTLS {
        let (tls, _) = try server.connection(
            on: socket.number, from: .local(1),
            for: HandshakeTable.Holder(worker: 0, token: Token(.client)))
        return TestTLS(socket, tls)
    }

    /// Goes on with the handshake as far as it can.
    func step() -> TLSConnection.Handshake {
        tls.noteReadable(isUnsure: true)
        return tls.shakeHands()
    }

    /// Until it is done, or has failed.
    func shakeHands() throws -> TLSConnection.Handshake {
        while true {
            let result = step()
            guard case .waits(let forRoom) = result else { return result }
            guard Wait.poll(socket.number, forRoom ? POLLOUT : POLLIN) != nil else {
                throw Missing("the other side's part of the handshake")
            }
        }
    }

    /// The same, which has to end well.
    @discardableResult
    func agree() throws -> TestTLS {
        let result = try shakeHands()
        guard result == .done else { throw Missing("TLS: \(result)") }
        return self
    }

    // MARK: Bytes

    func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int {
        switch tls.send(bytes) {
        case .moved(let count): return count
        case .wouldBlock: return 0
        case .endOfStream: throw Missing("a sink")
        case .failed(let number): throw SystemError("send", number)
        }
    }

    /// Whether nothing that was sent waits for room any more.
    func flush() throws -> Bool {
        switch tls.flush() {
        case nil: return true
        case .failed(let number)?: throw SystemError("send", number)
        default: return false
        }
    }

    func send(_ bytes: [UInt8]) throws { try send(all: bytes) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Says the end in TLS; the socket's own is `socket.endWrites()`.
    func endWrites() throws {
        guard tls.endWrites() else { throw Missing("room for the end") }
    }

    func receiveSome(_ most: Int = 65_536) -> TestSocket.Received {
        tls.noteReadable(isUnsure: true)
        var space = [UInt8](repeating: 0, count: most)
        switch tls.receive(into: &space) {
        case .moved(let count): return .bytes(Array(space.prefix(count)))
        case .wouldBlock: return .nothing
        case .endOfStream: return .end
        case .failed(let number): return .failed(number)
        }
    }
}

/// A client and a server that agree with each other, with no proxy between them.
struct TestHandshake {
    let client: TestTLS
    let server: TestTLS
    let clientResult: TLSConnection.Handshake
    let serverResult: TLSConnection.Handshake

    init(
        _ client: TLSClient, _ server: TLSServer, resumes: Bool = false,
        over kind: TestSocket.Kind = .unix
    ) throws {
        let (left, right) = try TestSocket.pair(kind)
        self.client = try .client(left, client, resumes: resumes)
        self.server = try .server(right, server)
        var results: (TLSConnection.Handshake, TLSConnection.Handshake)
        results = (.waits(forRoom: false), .waits(forRoom: false))
        // Each answer takes a step of the other one; more than these are none of TLS.
        for _ in 0..<8 {
            if case .waits = results.0 { results.0 = self.client.step() }
            if case .waits = results.1 { results.1 = self.server.step() }
        }
        (clientResult, serverResult) = results
    }

    /// Both have agreed, and the client has what the server gives it for the next time.
    func finish() throws {
        guard clientResult == .done, serverResult == .done else {
            throw Missing("TLS: \(clientResult), \(serverResult)")
        }
        try server.send("x")
        _ = try client.receive(1)
    }

    /// Whom the server's certificate is about.
    var shown: String? { client.tls.subject?.commonName }
}

extension TLSServer {
    convenience init(_ settings: TLSListenerConfiguration, after previous: TLSServer? = nil) throws
    {
        try self.init(settings, TLSFiles(of: settings), group: "s/l", after: previous)
    }
}

extension TLSClient {
    convenience init(_ settings: TLSChannelConfiguration, host: String? = nil) throws {
        try self.init(settings, TLSFiles(of: settings), host: host)
    }

    /// One that believes everybody.
    static func trusting(
        _ name: String? = nil, _ change: (inout TLSChannelConfiguration) -> Void = { _ in }
    ) throws -> TLSClient {
        var settings = TLSChannelConfiguration()
        settings.verifies = false
        if let name { settings.serverName = .name(name) }
        change(&settings)
        return try TLSClient(settings)
    }
}
