internal import Shared

/// One request on its way through a command, to be answered exactly once.
struct ControlRequest {
    /// All words, or those behind the verb once the command is known.
    var words: [String]
    let peer: Peer
    /// For what needs several facets of it.
    let daemon: any Daemon
    /// What the connection remembers from line to line.
    let conversation: Conversation
    private let send: (Reply) -> Void
    /// The same of a reply as it goes over the socket.
    private let sendBytes: ([UInt8]) -> Void
    /// Lets the connection send what a dump brings, behind the answer.
    let follow: (Dump) -> Void

    init(
        words: [String], peer: Peer, daemon: any Daemon,
        conversation: Conversation = Conversation(),
        follow: @escaping (Dump) -> Void = { _ in },
        sendBytes: @escaping ([UInt8]) -> Void = { _ in }, send: @escaping (Reply) -> Void
    ) {
        self.sendBytes = sendBytes
        self.conversation = conversation
        self.words = words
        self.peer = peer
        self.daemon = daemon
        self.follow = follow
        self.send = send
    }

    /// Answers with `OK`; what every reply has is added.
    func answer(_ lines: [String] = [], _ attributes: [Reply.Attribute] = []) {
        send(.ok(attributes: attributes + Self.standing(of: daemon), lines: lines))
    }

    func answer(_ table: Table, _ attributes: [Reply.Attribute] = []) {
        answer(table.lines, attributes)
    }

    /// The same with what takes a while to be made where there are many rows, of channels or of sessions: then it is made
    /// beside the loop.
    func answer(
        rows: Int, _ attributes: [Reply.Attribute] = [],
        making body: @escaping @Sendable () -> ReplyBody
    ) {
        let attributes = attributes + Self.standing(of: daemon)
        let encode: @Sendable () -> [UInt8] = {
            let body = body()
            return Reply.head(lineCount: body.lineCount, attributes) + body.bytes
        }
        guard rows > Self.rowsAtOnce else { return sendBytes(encode()) }
        queries.make(encode, then: sendBytes)
    }

    /// So many rows take hardly longer than to start a thread.
    static let rowsAtOnce = 64

    /// Answers with `ERR`. What the message repeats of the request may be long, the reply is not.
    func refuse(_ code: Reply.ErrorCode, _ message: String) {
        send(.error(code, message: String(message.unicodeScalars.prefix(Self.longestMessage))))
    }

    var state: any DaemonState { daemon }
    var queries: any DaemonQueries { daemon }
    var changes: any DaemonChanges { daemon }
    var lifecycle: any DaemonLifecycle { daemon }

    private static let longestMessage = 400

    /// What every `OK` has.
    static func standing(of daemon: any DaemonState) -> [Reply.Attribute] {
        [
            Reply.Attribute("generation", String(daemon.share.generation)),
            Reply.Attribute("epoch", String(daemon.identity.epoch)),
            Reply.Attribute("now_ms", String(Instant.now.nanoseconds / 1_000_000)),
        ]
    }
}
