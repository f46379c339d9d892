internal import Glibc
internal import Shared

/// The process whose place we take, as we see it: it has started us and waits for us to be ready.
///
/// Nothing that it has is ours before `waitForGo` returns: until then it can go on as if we had never been.
final class OldProcessLink {
    let offer: HandoverOffer
    let connection: HandoverConnection
    private let process: WatchedProcess

    /// Set for us alone, and the number of our end of the connection.
    static let variable = "PROXYD_HANDOVER"

    /// How long the offer may take, which is on its way when we ask for it.
    private static let patience = Duration.seconds(10)
    /// Its connections are closed before it is said to have ended.
    private static let longestEnd = Duration.seconds(1)

    /// Whether another process has started us to take its place.
    static var isThere: Bool { ProcessEnvironment.value(of: variable) != nil }

    private static func connect() -> HandoverConnection? {
        let word = ProcessEnvironment.take([variable])[variable]
        guard let number = word.flatMap({ CInt($0) }), number > STDERR_FILENO,
            fcntl(number, F_GETFD) >= 0
        else { return nil }
        // Programs that we start must not keep it open.
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return HandoverConnection(PacketSocket(FileDescriptor(owning: number)))
    }

    /// nil: no process has started us to take its place.
    static func find() throws(StartError) -> OldProcessLink? {
        guard let connection = connect() else { return nil }
        do throws(HandoverError) {
            try connection.send(.present, HandoverRevision.own.fields)
            let offer = try HandoverOffer.read(
                from: connection, until: Instant.now.advanced(by: patience))
            return OldProcessLink(offer, connection)
        } catch {
            refuse(error.words, over: connection)
            throw Self.failure(error)
        }
    }

    private init(_ offer: HandoverOffer, _ connection: HandoverConnection) {
        self.offer = offer
        self.connection = connection
        process = WatchedProcess(offer.process)
    }

    private static func failure(_ mistake: HandoverError) -> StartError {
        StartError(
            code: .unavailable,
            message: "cannot take over from the running process: \(mistake.words)")
    }

    // MARK: Saying no

    private enum RefusalTag: UInt16, HandoverTag { case words = 1 }

    /// We cannot start: the old process shall know why, and goes on.
    func refuse(_ words: String) { Self.refuse(words, over: connection) }

    /// The same before there is anything.
    static func refuse(_ words: String) {
        if let connection = connect() { refuse(words, over: connection) }
    }

    private static func refuse(_ words: String, over connection: HandoverConnection) {
        var fields = HandoverFields()
        fields.put(RefusalTag.words, words.utf8.prefix(4000))
        // If the old process has gone, the reason is not needed.
        try? connection.send(.refused, fields)
    }

    static func refusal(_ record: HandoverRecord) -> String {
        record.text(RefusalTag.words) ?? "it does not say why"
    }

    // MARK: Taking over

    /// Everything is opened and checked; returns what the old process's workers had when they stood still.
    func receiveState(
        _ things: HandoverThings, workerCount: Int, relocated: Set<UInt64>
    ) throws(StartError) -> HandoverDecoder {
        do throws(HandoverError) {
            try connection.send(.prepared)
            var state = HandoverDecoder(
                things, workerCount: workerCount, relocated: relocated)
            try state.read(from: connection)
            return state
        } catch {
            throw Self.failure(error)
        }
    }

    /// Returns once everything is ours.
    ///
    /// The old process ends us before it takes anything back. So if it has ended without a word, it was killed,
    /// and its sessions are ours; if it lives, they are its own.
    func waitForGo() throws(StartError) {
        do throws(HandoverError) {
            try connection.send(.taken)
            while true {
                do throws(HandoverError) {
                    if try connection.receive(until: nil).kind == .go { return }
                } catch .closed {
                    guard process.hasEnded(within: Self.longestEnd) else { throw .closed }
                    return
                }
            }
        } catch {
            throw Self.failure(error)
        }
    }

    enum RunningTag: UInt16, HandoverTag { case pause = 1 }

    /// We serve; sessions stood still for so long.
    func reportRunning(pause nanoseconds: UInt64) {
        var fields = HandoverFields()
        fields.put(RunningTag.pause, nanoseconds)
        try? connection.send(.running, fields)
    }
}
