internal import Shared

/// A probe under way on a socket of its own: connects, lets the exchange say what it has to, and
/// leaves politely.
final class ProbeRun {
    let token: Token
    let started: Instant
    private let socket: FileDescriptor
    /// nil: it says everything as it is.
    private let tls: TLSConnection?
    private var exchange: any ProbeExchange
    private var stage = Stage.connecting
    private var output: ArraySlice<UInt8> = []
    /// The version of the PROXY header that is sent before the exchange; nil: no header is sent.
    private let header: ProxyProtocolOut?
    /// What came after the verdict.
    private var leftover = 0
    /// What the poller watches for now.
    private var watched: Readiness = .writable

    private enum Stage {
        case connecting
        /// TLS is being agreed on.
        case securing
        case talking
        /// The verdict is reported; the other side may say what it has begun and end.
        case leaving
        case ended
    }

    /// Between a verdict and the close. A server that is about to greet must not be met by a reset.
    static let patience = Duration.seconds(1)
    /// Read in a row before others have their turn.
    private static let readsPerTurn = 4
    /// Read and thrown away after the verdict.
    private static let mostLeftover = 65_536

    init(
        connecting socket: consuming FileDescriptor, for exchange: any ProbeExchange,
        header: ProxyProtocolOut? = nil, tls: TLSConnection? = nil, token: Token, now: Instant
    ) {
        self.tls = tls
        self.header = header
        self.socket = socket
        self.exchange = exchange
        self.token = token
        started = now
    }

    var isEnded: Bool { stage == .ended }

    func watch(with poller: borrowing Poller) throws(SystemError) {
        try poller.add(socket.number, token, watched)
    }

    // MARK: Events

    /// Goes on as far as it can, and says what the probe came to when that is decided now.
    func resume(
        _ readiness: Readiness, space: inout [UInt8], poller: borrowing Poller
    ) -> ProbeResult? {
        let result = step(readiness, space: &space)
        if stage != .ended { updateWatch(poller) }
        return result
    }

    /// Its time is over: the probe's, or that of leaving.
    func expire() -> ProbeResult? {
        defer { stage = .ended }
        switch stage {
        case .connecting: return .bad("timeout: no answer to the connect")
        case .securing: return .bad("timeout: no end of the TLS handshake")
        case .talking: return exchange.expire()
        case .leaving, .ended: return nil
        }
    }

    private func step(_ readiness: Readiness, space: inout [UInt8]) -> ProbeResult? {
        tls?.noteReadable(isUnsure: true)
        switch stage {
        case .connecting:
            let number = ChannelSocket.connectError(socket)
            guard number == 0 else { return fail(Self.words(for: number)) }
            return sendProxyHeader() ?? secure()
        case .securing: return secure()
        case .talking:
            if let result = flush() { return result }
            return read(readiness, into: &space)
        case .leaving:
            _ = flush()
            throwAway(into: &space)
            return nil
        case .ended: return nil
        }
    }

    /// What comes first is never encrypted (the PROXY protocol). A connection that has just been made has room for
    /// all of it. The client is this probe: servers take no connection that says it has none (Postfix).
    private func sendProxyHeader() -> ProbeResult? {
        guard let header else { return nil }
        let bytes = addresses.bytes(header)
        switch Socket.send(socket.number, bytes[...]) {
        case .moved(bytes.count): return nil
        case .failed(let number): return fail(Self.words(for: number))
        case .moved, .wouldBlock, .endOfStream: return fail("no room for the PROXY header")
        }
    }

    private var addresses: ProxyHeader {
        guard let source = Socket.localEndpoint(socket),
            let destination = Socket.peerEndpoint(socket), case .ip(_, _) = destination
        else { return ProxyHeader() }
        return ProxyHeader(addresses: .init(source: source, destination: destination))
    }

    /// Agrees on TLS where it is spoken, and begins.
    private func secure() -> ProbeResult? {
        stage = .securing
        switch tls?.shakeHands() ?? .done {
        case .done:
            stage = .talking
            return make(exchange.begin())
        case .waits: return nil
        case .gone(0): return fail("closed in the TLS handshake")
        case .gone(let number): return fail("TLS handshake: " + Self.words(for: number))
        case .failed(let failure): return fail("TLS handshake: " + failure.words)
        }
    }

    private func receive(into space: inout [UInt8]) -> IOResult {
        guard let tls else { return Socket.receive(socket.number, into: &space) }
        return tls.receive(into: &space)
    }

    private func send(_ bytes: ArraySlice<UInt8>) -> IOResult {
        guard let tls else { return Socket.send(socket.number, bytes) }
        return tls.send(bytes)
    }

    private func make(_ move: ProbeMove) -> ProbeResult? {
        switch move {
        case .wait: return nil
        case .send(let bytes):
            output += bytes
            return flush()
        case .done(let result, let goodbye):
            guard result.isGood else { return end(with: result) }
            stage = .leaving
            output = goodbye[...]
            _ = flush()
            return result
        }
    }

    private func read(_ readiness: Readiness, into space: inout [UInt8]) -> ProbeResult? {
        guard !readiness.isDisjoint(with: [.readable, .hangUp, .error, .readEnd]) else {
            return nil
        }
        for _ in 0..<Self.readsPerTurn where stage == .talking {
            switch receive(into: &space) {
            case .moved(let count):
                if let result = make(exchange.receive(space[..<count])) { return result }
            case .wouldBlock: return nil
            case .endOfStream: return end(with: exchange.end())
            case .failed(let number): return fail(Self.words(for: number))
            }
        }
        return nil
    }

    /// Sends what waits; once the goodbye is out, so is the end.
    private func flush() -> ProbeResult? {
        while !output.isEmpty {
            switch send(output) {
            case .moved(let count): output = output.dropFirst(count)
            case .wouldBlock, .endOfStream: return nil
            case .failed(let number):
                if stage == .leaving { stage = .ended }
                return stage == .ended ? nil : fail(Self.words(for: number))
            }
        }
        if stage == .leaving {
            _ = tls?.endWrites()
            Socket.shutDownWrites(socket)
        }
        return nil
    }

    /// A close with unread bytes is a reset, so they are read, within limits.
    private func throwAway(into space: inout [UInt8]) {
        for _ in 0..<Self.readsPerTurn where stage == .leaving {
            switch receive(into: &space) {
            case .moved(let count):
                leftover += count
                if leftover > Self.mostLeftover { stage = .ended }
            case .wouldBlock: return
            case .endOfStream, .failed: stage = .ended
            }
        }
    }

    private func end(with result: ProbeResult) -> ProbeResult {
        stage = .ended
        return result
    }

    private func fail(_ words: String) -> ProbeResult { end(with: .bad(words)) }

    private func updateWatch(_ poller: borrowing Poller) {
        let interest: Readiness = output.isEmpty ? .readable : [.readable, .writable]
        guard interest != watched else { return }
        watched = interest
        try? poller.modify(socket.number, token, interest)
    }

    /// A failure of the connection in one word where there is one.
    static func words(for number: CInt) -> String {
        switch Errno(number) {
        case .refused: "refused"
        case .unreachable: "unreachable"
        case .timedOut: "timeout"
        case .reset: "reset"
        case .descriptors, .ports, .memory, .other: SystemError.words(for: number)
        }
    }
}
