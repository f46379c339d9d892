internal import Shared

/// One command of the daemon from the shell, with the preview and the questions of the screen.
struct ShellCommand: ~Copyable {
    /// What the command line says about it.
    enum Consent: Equatable {
        /// A person at the terminal is asked.
        case asked
        case given
        /// Nothing is to be done.
        case previewOnly
    }

    private let words: [String]
    private let consent: Consent
    private let canAsk: Bool
    private var once: OneShot

    typealias Failure = BatchReport.Failure

    /// Columns of the preview.
    private static let width = 76

    init(_ words: [String], _ consent: Consent, canAsk: Bool, _ once: consuming OneShot) {
        self.words = words
        self.consent = consent
        self.canAsk = canAsk
        self.once = consume once
    }

    mutating func run() throws(Failure) {
        try expect(once.look(twice: false))
        let line = Request(words: words).text
        if let first = words.first, Model.ownWords.contains(first), first != "raw" {
            throw Failure(
                status: .usage, message: "“\(first)” is a word of the screen: type it there")
        }
        let sent = words.first == "raw" ? Array(words.dropFirst()) : words
        let model = once.model
        if let text = model.connection.catalog.objection(
            to: sent, role: model.connection.hello?.role ?? "")
        {
            throw Failure(status: .notPermitted, message: text)
        }
        once.change { $0.command(sent, line) }
        if let remark = once.model.actions.prompt?.remark {
            throw Failure(status: .usage, message: remark)
        }
        if once.model.actions.confirmation == nil { return try showAnswer() }
        try awaitPlan()
        try decide()
    }

    private func expect(_ failure: (status: ExitStatus, message: String)?) throws(Failure) {
        if let failure { throw Failure(status: failure.status, message: failure.message) }
    }

    /// What the daemon does not do, in its own words.
    private var refusal: Failure {
        let status: ExitStatus = once.model.actions.refusal == .forbidden ? .notPermitted : .usage
        return Failure(status: status, message: once.model.actions.notice?.text ?? "it was refused")
    }

    // MARK: A question

    private mutating func showAnswer() throws(Failure) {
        // Something stood in the way, and was said.
        if once.model.actions.notice?.isError == true { throw refusal }
        while once.end == nil, once.model.navigation.overlay == nil,
            once.model.actions.refusal == nil
        { once.turn() }
        try expect(once.end)
        guard case .answer(_, let lines, _) = once.model.navigation.overlay else { throw refusal }
        StandardStream.output.write(lines.map { $0 + "\n" }.joined())
    }

    // MARK: A change

    private mutating func awaitPlan() throws(Failure) {
        while once.end == nil, let open = once.model.actions.confirmation, !open.isReady {
            once.turn()
        }
        try expect(once.end)
        if once.model.actions.confirmation == nil { throw refusal }
    }

    private mutating func decide() throws(Failure) {
        guard let open = once.model.actions.confirmation else { throw refusal }
        switch consent {
        case .previewOnly:
            show(open)
            return
        case .given:
            guard open.tier != .host else {
                throw Failure(
                    status: .usage,
                    message: "--yes is not enough for this: run it at a terminal and type the name "
                        + "of the machine")
            }
        case .asked:
            guard canAsk else {
                throw Failure(
                    status: .usage,
                    message:
                        "no terminal to ask on: --preview shows what it would do, --yes does it"
                )
            }
            show(open)
            guard asks(open) else {
                StandardStream.output.write("cancelled; nothing was sent\n")
                return
            }
        }
        once.change { $0.confirm() }
        while once.end == nil, once.model.actions.batch != nil { once.turn() }
        try expect(once.end)
        if once.model.actions.refusal != nil || once.model.actions.notice?.isError == true {
            throw refusal
        }
        StandardStream.output.write((once.model.actions.notice?.text ?? "") + "\n")
    }

    private func show(_ open: Confirmation) {
        let text = DialogText(
            open, once.model.snapshot, width: Self.width, .ascii, now: once.model.now)
        let lines = text.body.map { $0.spans.text }
        StandardStream.output.write(lines.map { $0 + "\n" }.joined())
    }

    /// One line from the terminal.
    private func asks(_ open: Confirmation) -> Bool {
        let wanted =
            open.needsTyping
            ? "Type \(open.answers.joined(separator: " or ")) and Enter" : "y and Enter sends it"
        StandardStream.output.write("\(wanted), anything else cancels: ")
        let typed = readLine() ?? ""
        return open.needsTyping ? open.isAnswered(by: typed) : typed == "y"
    }
}
