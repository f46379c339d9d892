internal import Shared

/// One HTTP client: reads a request, waits for its answer, sends it, and goes.
final class ScrapeConnection {
    enum Phase: Equatable {
        case reading
        /// A page is being made.
        case waiting
        case sending
        /// All is sent; what the client still says is thrown away, so that a reset does not overtake the
        /// answer (RFC 9112 §9.6).
        case leaving
        case closed
    }

    let token: Token
    private(set) var phase = Phase.reading
    private(set) var head: HTTPRequestHead?
    /// When its present phase has lasted too long.
    private(set) var due: Instant
    var watchedInterest: Readiness = .readable

    private let socket: FileDescriptor
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var body: [UInt8] = []
    private var sent = 0
    private var discarded = 0

    /// For a whole request, and for taking the whole answer.
    static let patience = Duration.seconds(5)
    private static let linger = Duration.seconds(1)
    /// Bytes thrown away before we go all the same.
    private static let mostDiscarded = 65_536

    init(_ socket: consuming FileDescriptor, token: Token, now: Instant) {
        self.socket = socket
        self.token = token
        due = now.advanced(by: Self.patience)
    }

    var number: CInt { socket.number }

    var interest: Readiness {
        switch phase {
        case .reading, .leaving: .readable
        case .sending: .writable
        // Only that it has gone.
        case .waiting, .closed: []
        }
    }

    func resume(_ readiness: Readiness, now: Instant) {
        switch phase {
        case .reading: read(now: now)
        case .sending: send(now: now)
        case .leaving: discard()
        case .waiting: if !readiness.isDisjoint(with: [.hangUp, .error]) { phase = .closed }
        case .closed: break
        }
    }

    private func read(now: Instant) {
        var space = [UInt8](repeating: 0, count: HTTPRequestHead.longest)
        switch Socket.receive(socket.number, into: &space) {
        case .moved(let count): input.append(contentsOf: space[..<count])
        case .wouldBlock: return
        case .endOfStream, .failed:
            phase = .closed
            return
        }
        switch HTTPRequestHead.read(input) {
        case .incomplete: break
        case .refused(let status): answer(HTTPAnswer(status), now: now)
        case .head(let head):
            self.head = head
            input = []
            phase = .waiting
        }
    }

    func answer(_ answer: HTTPAnswer, now: Instant) {
        guard phase == .reading || phase == .waiting else { return }
        input = []
        output = answer.head
        // A long page is shared by all who get it.
        body = head?.method == .head ? [] : answer.body
        due = now.advanced(by: Self.patience)
        phase = .sending
        send(now: now)
    }

    private func send(now: Instant) {
        while true {
            if sent == output.count {
                (output, body, sent) = (body, [], 0)
                if output.isEmpty { break }
            }
            switch Socket.send(socket.number, output[sent...]) {
            case .moved(let count): sent += count
            case .wouldBlock, .endOfStream: return
            case .failed:
                phase = .closed
                return
            }
        }
        Socket.shutDownWrites(socket)
        due = now.advanced(by: Self.linger)
        phase = .leaving
        discard()
    }

    private func discard() {
        var space = [UInt8](repeating: 0, count: HTTPRequestHead.longest)
        while discarded < Self.mostDiscarded {
            switch Socket.receive(socket.number, into: &space) {
            case .moved(let count): discarded += count
            case .wouldBlock: return
            case .endOfStream, .failed:
                phase = .closed
                return
            }
        }
        phase = .closed
    }

    /// Its time is over: a request that never ends gets an error, everything else just ends.
    func deadlineCame(now: Instant) {
        if phase == .reading { answer(HTTPAnswer(.timeout), now: now) } else { phase = .closed }
    }
}
