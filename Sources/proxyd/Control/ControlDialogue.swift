internal import Glibc
internal import Shared

/// Sends commands to a daemon and prints its replies.
struct ControlDialogue {
    private let client: ControlClient
    private let format: ReplyFormat
    /// A descriptor that becomes readable when the user has had enough.
    private let interrupt: CInt?

    init(
        with client: ControlClient, format: ReplyFormat, interrupt: CInt? = nil
    ) {
        self.client = client
        self.format = format
        self.interrupt = interrupt
    }

    /// One command, and its one reply or its stream of them; with a wait, until nothing is left.
    ///
    /// nil: the user broke it off, and its reply may still come.
    func run(_ words: [String], wait: Duration? = nil) throws(ControlFailure) -> ExitStatus? {
        let deadline = wait.map { ContinuousClock.now + $0 }
        let dump = DumpOutput(words, format)
        try dump?.check()
        try client.send(Request(words: words))
        if let dump { return try follow(dump) }
        // Some commands are answered only when they are done, and a file may take its time.
        let reads = words.first.map(Self.readingFiles.contains) ?? false
        let patience =
            ControlClient.patience + (wait ?? .zero) + (reads ? FileProgress.limit : .zero)
        guard let reply = try next(within: patience) else { return nil }
        let status = show(reply, to: words)
        guard status == .good else { return status }
        if let wait, let deadline {
            guard let emptying = DrainWait(words: words, reply: reply) else { return .good }
            return try watch(emptying, for: wait, until: deadline)
        }
        return Self.streams(words) ? try follow(words) : .good
    }

    /// For these the daemon may read files, and gives one up after `FileProgress.limit`.
    private static let readingFiles: Set = [
        "plan", "diff", "reload", "save", "set", "create", "commit", "rollback",
    ]

    /// Shows one reply after the other, until the stream ends or is ended.
    private func follow(_ words: [String]) throws(ControlFailure) -> ExitStatus {
        while true {
            let reply: Reply?
            do throws(ControlFailure) {
                reply = try next(within: nil, isStream: true)
            } catch .closed where interrupt == nil {
                return .good
            }
            guard let reply else {
                takeEnter()
                try endStream()
                return .good
            }
            if format == .people { print("") }
            let status = show(reply, to: words)
            guard status == .good else {
                try endStream()
                return status
            }
            // A dump says when it is over.
            if case .ok(let attributes, _) = reply, attributes["end"] != nil { return .good }
        }
    }

    /// Shows a dump until it ends, its output is closed, or the user ends it.
    private func follow(_ dump: DumpOutput) throws(ControlFailure) -> ExitStatus {
        while true {
            guard let reply = try next(within: nil, isStream: true) else {
                takeEnter()
                try endStream()
                return .good
            }
            switch reply {
            case .ok(let attributes, let lines):
                guard try dump.write(lines, attributes) else { return .good }
            case .error(let code, let message):
                StandardError.write("proxyd: \(code.rawValue): \(PlainText.cleaned(message))\n")
                return code.status
            }
        }
    }

    /// The line that ended a stream is not a command.
    private func takeEnter() {
        var interest = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&interest, 1, 0) > 0 else { return }
        var line = [UInt8](repeating: 0, count: 4096)
        _ = unsafe read(STDIN_FILENO, &line, line.count)
    }

    /// The next line ends a stream. Replies that were on their way are passed over: what we ask has an
    /// answer that nothing else has.
    private func endStream() throws(ControlFailure) {
        let mark = "end-of-stream-\(UInt32.random(in: 0...UInt32.max))"
        try client.send(Request(words: ["help", mark]))
        while true {
            if case .error(_, let message) = try client.receive(), message.contains(mark) { return }
        }
    }

    /// The next reply; nil when the user interrupts, or presses Enter while there is a stream.
    private func next(
        within patience: Duration?, isStream: Bool = false
    ) throws(ControlFailure) -> Reply? {
        guard let interrupt else { return try client.receive(within: patience) }
        let others = isStream ? [interrupt, STDIN_FILENO] : [interrupt]
        return try client.receive(within: patience, unlessReadable: others)
    }

    static func streams(_ words: [String]) -> Bool {
        words.first == "watch" || words.prefix(2) == ["events", "follow"]
            || words.first == "dump"
    }

    // MARK: Standard input

    /// A command per line of standard input; the first failure decides how we end.
    func runStandardInput() throws(ControlFailure) -> ExitStatus {
        var status = ExitStatus.good
        while let line = readLine() {
            let words: [String]
            do throws(Request.ParseError) {
                words = try Request(line: Array(line.utf8)).words
            } catch {
                throw .usage(error.description)
            }
            guard !words.isEmpty else { continue }
            let result = try run(words) ?? .temporary
            if status == .good { status = result }
        }
        return status
    }

    // MARK: Waiting

    /// Until nothing is left, or the time is over.
    private func watch(
        _ emptying: DrainWait, for wait: Duration, until deadline: ContinuousClock.Instant
    ) throws(ControlFailure) -> ExitStatus {
        try client.send(Request(words: ["watch", "0.2"] + emptying.question))
        var left: Int?
        while true {
            guard let reply = try nextCount(first: left == nil, until: deadline) else { break }
            guard let count = emptying.left(in: reply) else {
                clearProgress()
                let status = show(reply, to: emptying.question)
                try endStream()
                return status == .good ? .software : status
            }
            left = count
            if count == 0 || ContinuousClock.now >= deadline { break }
            showProgress(count, emptying, ContinuousClock.now.duration(to: deadline))
        }
        clearProgress()
        try endStream()
        guard left != 0 else { return .good }
        let text = DrainWait.words(for: left ?? 0, on: emptying.place)
        let isOver = ContinuousClock.now >= deadline
        StandardError.write("proxyd: \(text)\(isOver ? " after \(Age(wait))" : "")\n")
        return .temporary
    }

    /// nil when the time is over or the user interrupts. However short the wait is, it is seen once how
    /// things are.
    private func nextCount(
        first isFirst: Bool, until deadline: ContinuousClock.Instant
    ) throws(ControlFailure) -> Reply? {
        let rest = isFirst ? ControlClient.patience : ContinuousClock.now.duration(to: deadline)
        do throws(ControlFailure) {
            return try next(within: rest)
        } catch .timeout where !isFirst {
            return nil
        }
    }

    private static let hasTerminal = isatty(STDERR_FILENO) == 1

    private func showProgress(_ count: Int, _ emptying: DrainWait, _ rest: Duration) {
        guard Self.hasTerminal else { return }
        let text = DrainWait.words(for: count, on: emptying.place)
        let seconds = max(0, rest.components.seconds)
        StandardError.write("\r\u{1B}[K\(text), \(seconds) s to go")
    }

    private func clearProgress() {
        if Self.hasTerminal { StandardError.write("\r\u{1B}[K") }
    }

    // MARK: Showing

    private func show(_ reply: Reply, to words: [String]) -> ExitStatus {
        switch reply {
        case .ok(let attributes, let lines):
            let isTable = ReplyFormat.isTable(words, lines: lines)
            print(
                format.text(
                    lines, attributes, isTable: isTable, onTerminal: isatty(STDOUT_FILENO) == 1),
                terminator: "")
            // A pipe is read while we wait for the next reply.
            _ = fflush(nil)
            return .good
        case .error(let code, let message):
            StandardError.write("proxyd: \(code.rawValue): \(PlainText.cleaned(message))\n")
            return code.status
        }
    }
}

extension Reply.ErrorCode {
    /// What `proxyd ctl` exits with.
    var status: ExitStatus {
        switch self {
        case .usage, .unknown: .usage
        case .notFound, .invalid: .data
        case .forbidden: .noPermission
        case .conflict, .busy: .temporary
        case .internal: .software
        }
    }
}
