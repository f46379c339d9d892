internal import Glibc
internal import Shared

/// One conversation on the control socket: lines in, counted replies out, in order.
///
/// A reader that stops reading stops being read, so neither side's pace costs the daemon memory.
final class ControlConnection {
    let token: Token
    let peer: Peer
    /// Set when an answer came outside of an event of this connection.
    var hasChanged = false
    /// What the poller watches for now.
    var watchedInterest: Readiness

    private let socket: FileDescriptor
    private unowned let daemon: any Daemon
    private let usage: ControlUsage
    /// It asks nothing and watches nothing for so long: it is closed. nil: never.
    private let idleLimit: Duration?
    /// When the peer last sent something.
    private var heardAt: Instant
    /// Since when output waits and nothing of it was taken.
    private var stalledSince: Instant?
    /// Why we closed, when it was we.
    private(set) var end: ControlUsage.End?
    private var reader = LineReader()
    private var output: [UInt8] = []
    private var sent = 0
    private var inputHasEnded = false
    private var isBroken = false
    /// A request waits for workers' answers.
    private var isWaiting = false
    /// Requests are being taken.
    private var isProcessing = false
    /// When requests are taken again: after the turns of others, or when its user may spend more of the daemon's time.
    private var postponedUntil: Instant?
    /// A command runs; its answer may come at once.
    private var isExecuting = false
    private var watch: Watch?
    private let conversation = Conversation()
    /// A live copy that is sent until the next line comes.
    private var dump: Dump?
    private var follow: EventFollow?

    /// A command that is repeated until the next line comes.
    private struct Watch {
        var interval: Duration
        var words: [String]
        var due: Instant
    }

    /// Replies wait in memory only until so many bytes are unsent; then requests wait instead.
    private static let outputLimit = 65_536
    private static let readSize = 16_384
    /// A turn ends after this many requests, unless they took less than `turn` together.
    private static let requestsPerTurn = 16
    private static let turn = Duration.milliseconds(2)

    init(
        _ socket: consuming FileDescriptor, peer: Peer, daemon: any Daemon, token: Token,
        usage: ControlUsage = ControlUsage(), idleLimit: Duration? = nil
    ) {
        self.socket = socket
        self.peer = peer
        self.daemon = daemon
        self.token = token
        self.usage = usage
        self.idleLimit = idleLimit
        heardAt = daemon.now
        watchedInterest = .readable
        usage.join(peer, conversation, at: heardAt)
    }

    deinit {
        usage.unsentBytes -= unsentCount
        usage.leave(conversation)
    }

    var number: CInt { socket.number }

    var isPostponed: Bool { postponedUntil != nil }

    private var unsentCount: Int { output.count - sent }

    private var mayTakeRequests: Bool {
        !isWaiting && !isPostponed && unsentCount < Self.outputLimit
    }

    var interest: Readiness {
        var interest: Readiness = []
        if !inputHasEnded, mayTakeRequests { interest.insert(.readable) }
        if unsentCount > 0 { interest.insert(.writable) }
        return interest
    }

    /// Nothing is left to be said.
    var isFinished: Bool {
        isBroken || end != nil
            || inputHasEnded && !isWaiting && !isPostponed && unsentCount == 0
    }

    var watchDue: Instant? { isWaiting ? nil : dump?.until ?? watch?.due }

    /// When it has asked nothing for too long; nil while something is on its way to it, or is to come.
    private var idleDue: Instant? {
        guard let idleLimit, watch == nil, dump == nil, follow == nil, !isWaiting, unsentCount == 0
        else { return nil }
        return heardAt.advanced(by: idleLimit)
    }

    /// In the next turn, while there is more to tell a follower than one reply takes.
    private var followDue: Instant? {
        guard let follow, unsentCount == 0, !isWaiting, follow.isBehind(daemon.events) else {
            return nil
        }
        return .now
    }

    private var stallDue: Instant? { stalledSince?.advanced(by: ControlUsage.readerPatience) }

    /// When it has to be looked at, though nothing happens on its socket.
    var nextDue: Instant? {
        [postponedUntil, watchDue, followDue, idleDue, stallDue].compactMap { $0 }.min()
    }

    /// Since when it has asked nothing; nil: it waits for a reply, watches or follows.
    var idleSince: Instant? {
        isWaiting || isPostponed || watch != nil || dump != nil || follow != nil ? nil : heardAt
    }

    // MARK: Events

    /// Takes no further request; what is on its way is sent, and then it is closed.
    func hangUp() {
        inputHasEnded = true
        reader = LineReader()
        process()
    }

    /// An admin needs its place.
    func evict() { end = .busy }

    func resume(_ readiness: Readiness) {
        if readiness.contains(.writable) {
            flush()
            continueDump()
        }
        if !readiness.isDisjoint(with: [.readable, .hangUp, .error]) { read() }
        process()
    }

    private func read() {
        guard !inputHasEnded, mayTakeRequests else {
            // A peer that has gone reads no replies.
            return
        }
        var space = [UInt8](repeating: 0, count: Self.readSize)
        let outcome = unsafe space.withUnsafeMutableBytes { bytes in
            unsafe Socket.receive(socket.number, into: bytes)
        }
        switch outcome {
        case .moved(let count):
            reader.append(space[..<count])
            heardAt = daemon.now
        case .wouldBlock: break
        case .endOfStream: inputHasEnded = true
        case .failed: isBroken = true
        }
    }

    /// Answers whole lines while replies find room.
    private func process() {
        // Most answers come at once, from within the loop below, which goes on by itself: were it
        // begun anew for each, a packet full of requests would use up the stack.
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        let began = Instant.now
        var count = 0
        while mayTakeRequests, !isBroken, let event = reader.next() {
            count += 1
            watch = nil
            endDump()
            follow = nil
            switch event {
            case .tooLong:
                send(.error(.usage, message: "a request has at most 64 KiB"))
            case .line(let line):
                take(line)
            }
            let now = Instant.now
            if count >= Self.requestsPerTurn, began.advanced(by: Self.turn) < now {
                postponedUntil = now
            }
            if let due = usage.budget.due(for: peer, now: now) { postponedUntil = due }
        }
        // Nothing more will end a watch.
        if inputHasEnded, !isWaiting, !isPostponed {
            (watch, follow) = (nil, nil)
            endDump()
        }
    }

    private func take(_ line: [UInt8]) {
        do throws(Request.ParseError) {
            let words = try Request(line: line).words
            guard let verb = words.first else { return }
            if verb == "watch" {
                startWatch(words)
            } else if words.starts(with: ["events", "follow"]) {
                startFollow(Array(words.dropFirst(2)))
            } else {
                execute(words)
            }
        } catch {
            send(.error(.usage, message: "\(error)"))
        }
    }

    // MARK: Commands

    private func execute(_ words: [String]) {
        isWaiting = true
        let began = Instant.now
        isExecuting = true
        let isShared = watch != nil
        let request = ControlRequest(
            words: words, peer: peer, daemon: daemon, conversation: conversation,
            follow: { [weak self] in self?.dump = $0 },
            sendBytes: { [weak self] in self?.answer($0, to: words, isShared: isShared) },
            send: { [weak self] in self?.answer($0.encoded, to: words, isShared: isShared) })
        CommandTable.run(request)
        isExecuting = false
        usage.charge(peer, since: began)
    }

    private func answer(_ bytes: [UInt8], to words: [String], isShared: Bool) {
        isWaiting = false
        hasChanged = true
        send(encoded: bytes)
        if isShared { usage.shared.keep(bytes, for: words, now: daemon.now) }
        if !isExecuting { usage.chargeAnswer(to: peer) }
        // Its first records may have come before it was ours.
        continueDump()
        process()
    }

    private func startWatch(_ words: [String]) {
        guard words.count >= 3, let age = Age(words[1]), age.milliseconds >= 100,
            age.milliseconds <= 86_400_000, words[2] != "watch", words[2] != "dump"
        else {
            send(.error(.usage, message: "watch SECONDS COMMAND, from 0.1 to 86400 seconds"))
            return
        }
        let command = Array(words.dropFirst(2))
        watch = Watch(interval: age.duration, words: command, due: daemon.now)
        tick(now: daemon.now)
    }

    /// Does what is due: ends a connection that neither reads nor asks, or repeats what is watched.
    func meetDeadlines(now: Instant) {
        if let postponedUntil, postponedUntil <= now {
            self.postponedUntil = nil
            return process()
        }
        if let stallDue, stallDue <= now { return end = .slow }
        if let idleDue, idleDue <= now { return end = .idle }
        if let watchDue, watchDue <= now { tick(now: now) }
    }

    /// The interval is over. A reader that is behind misses this reply.
    func tick(now: Instant) {
        if let dump {
            dump.expire(now: now)
            return continueDump()
        }
        guard let watch, !isWaiting else { return }
        let due = now.advanced(by: watch.interval)
        let allowed = usage.budget.due(for: peer, now: .now)
        self.watch?.due = allowed.map { max($0, due) } ?? due
        guard unsentCount == 0, allowed == nil else { return }
        guard let bytes = usage.shared.reply(to: watch.words, now: now) else {
            return execute(watch.words)
        }
        let began = Instant.now
        send(encoded: bytes)
        usage.charge(peer, since: began)
    }

    // MARK: Dumps

    /// Whether this connection shows the dump of that number.
    func shows(dump number: UInt64) -> Bool { dump?.tap.number == number }

    /// Sends the next part of the dump. A reader that is behind leaves it in the tap, where it is bounded.
    func continueDump() {
        guard let dump, !isWaiting, unsentCount < Self.outputLimit, !isBroken,
            let lines = dump.next()
        else { return }
        sendDump(dump, lines)
        if dump.end == nil, unsentCount < Self.outputLimit {
            // Others first; then the next part.
            daemon.share.notices.post(.tapped(dump.tap.number))
        }
    }

    private func endDump() {
        guard let dump else { return }
        dump.finish(.request)
        sendDump(dump, [])
    }

    private func sendDump(_ dump: Dump, _ lines: [String]) {
        send(
            .ok(
                attributes: dump.attributes + ControlRequest.standing(of: daemon), lines: lines))
        hasChanged = true
        if dump.end != nil { self.dump = nil }
    }

    // MARK: Following

    private func startFollow(_ words: [String]) {
        do throws(EventQuery.ParseError) {
            follow = try EventFollow(words: words, from: daemon.events)
        } catch {
            send(.error(.usage, message: error.message))
            return
        }
        continueFollow()
    }

    /// Sends what has happened since, one reply per turn of the loop; a reader that is behind gets it when it has read.
    func continueFollow() {
        if unsentCount == 0, !isWaiting, let next = follow?.next(from: daemon.events) {
            let request = ControlRequest(words: [], peer: peer, daemon: daemon) {
                [weak self] reply in
                self?.send(reply)
            }
            request.answer(EventSnapshot.table(next.rows), next.attributes)
            hasChanged = true
        }
    }

    // MARK: Output

    private func send(_ reply: Reply) { send(encoded: reply.encoded) }

    private func send(encoded reply: [UInt8]) {
        var bytes = reply
        if !usage.hasRoom(for: bytes.count) {
            bytes = Self.tooLong(bytes.count).encoded
        }
        // Of a long reply no copy is made.
        if output.isEmpty { output = bytes } else { output.append(contentsOf: bytes) }
        usage.unsentBytes += bytes.count
        flush()
    }

    private static func tooLong(_ count: Int) -> Reply {
        count > ControlUsage.mostUnsentOfOne
            ? .error(
                .invalid,
                message: "the reply would have more than "
                    + "\(ControlUsage.mostUnsentOfOne) bytes; ask for less of it, as with limit and offset"
            )
            : .error(.busy, message: "too many replies wait for their readers; ask again later")
    }

    private func flush() {
        let before = sent
        sendWhatFits()
        usage.unsentBytes -= sent - before
        if unsentCount == 0 {
            stalledSince = nil
            output.removeAll(keepingCapacity: output.capacity <= Self.outputLimit)
            sent = 0
        } else if sent > before || stalledSince == nil {
            stalledSince = daemon.now
        }
    }

    private func sendWhatFits() {
        while unsentCount > 0, !isBroken {
            let outcome = unsafe output.withUnsafeBytes { bytes in
                unsafe Socket.send(socket.number, UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            }
            switch outcome {
            case .moved(let count): sent += count
            case .wouldBlock, .endOfStream: return
            case .failed: isBroken = true
            }
        }
    }
}
