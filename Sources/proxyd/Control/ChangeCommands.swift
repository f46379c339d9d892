internal import Shared

/// Commands that change the running configuration: alone, or several together between `begin` and `commit`.
enum ChangeCommands {
    static func edit(_ verb: ConfigurationEdit.Verb) -> @Sendable (ControlRequest) -> Void {
        { request in
            let (words, cuts) = split(request.words, of: verb)
            let isInTransaction = request.conversation.transaction != nil
            guard !isInTransaction || !cuts else {
                return request.refuse(
                    .usage,
                    "“cut” belongs to commit: commit cut ends what the change takes away")
            }
            withFiles(request, ConfigurationEdit(verb: verb, words: words)) { edit in
                if isInTransaction { return add(.edit(edit), to: request) }
                var transaction = Transaction()
                do throws(ConfigurationEdit.Failure) {
                    try transaction.append(.edit(edit))
                } catch {
                    return request.refuse(error)
                }
                change(request, transaction, cuts: cuts)
            }
        }
    }

    /// What the same line would do.
    static func plan(_ verb: ConfigurationEdit.Verb) -> @Sendable (ControlRequest) -> Void {
        { request in
            let (words, cuts) = split(request.words, of: verb)
            withFiles(request, ConfigurationEdit(verb: verb, words: words)) { edit in
                var transaction = request.conversation.transaction ?? Transaction()
                do throws(ConfigurationEdit.Failure) {
                    try transaction.append(.edit(edit))
                    let target = try transaction.apply(to: request.state.configuration)
                    PlanCommand.answer(request, for: target, transaction.steps, cuts: cuts)
                } catch {
                    request.refuse(error)
                }
            }
        }
    }

    /// Only an admin has files opened: their text may be another user's.
    private static func withFiles(
        _ request: ControlRequest, _ edit: ConfigurationEdit,
        _ use: @escaping (ConfigurationEdit) -> Void
    ) {
        let paths = NetworkFile.paths(in: edit.words)
        guard request.peer.role >= .admin, !paths.isEmpty else { return use(edit) }
        request.changes.readFiles {
            NetworkFile.readings(of: paths)
        } then: { result in
            switch result {
            case .success(let readings):
                var edit = edit
                edit.files = readings
                use(edit)
            case .failure(let failure): request.refuse(failure)
            }
        }
    }

    private static func split(
        _ words: [String], of verb: ConfigurationEdit.Verb
    ) -> (words: [String], cuts: Bool) {
        let cuts = verb == .remove && words.count > 1 && words.last == "cut"
        return (cuts ? words.dropLast() : words, cuts)
    }

    // MARK: Transactions

    static func begin(_ request: ControlRequest) {
        guard request.words.isEmpty else { return request.refuse(.usage, "begin stands alone") }
        guard request.conversation.transaction == nil else {
            return request.refuse(
                .conflict, "a transaction is open already; commit it, or abort it")
        }
        request.conversation.transaction = Transaction()
        request.answer([], [Reply.Attribute("pending", "0")])
    }

    static func abort(_ request: ControlRequest) {
        guard let transaction = request.conversation.transaction else {
            return request.refuse(.conflict, "no transaction is open; begin opens one")
        }
        request.conversation.transaction = nil
        request.answer([], [Reply.Attribute("dropped", String(transaction.steps.count))])
    }

    /// A line of a transaction. An error of the line itself is reported at once, and the line is not added.
    static func add(_ step: Transaction.Step, to request: ControlRequest) {
        do throws(ConfigurationEdit.Failure) {
            try request.conversation.transaction?.take(
                step, on: request.state.configuration, generation: request.state.share.generation)
        } catch {
            return request.refuse(error)
        }
        let count = request.conversation.transaction?.steps.count ?? 0
        request.answer([], [Reply.Attribute("pending", String(count))])
    }

    /// `commit [cut] [confirm TIME]`
    static func commit(_ request: ControlRequest) {
        guard let transaction = request.conversation.transaction else {
            return request.refuse(.conflict, "no transaction is open; begin opens one")
        }
        guard let options = CommitOptions(words: request.words) else {
            return request.refuse(.usage, "commit [cut] [confirm TIME], as in commit confirm 60s")
        }
        change(request, transaction, cuts: options.cuts, confirmWithin: options.confirmWithin) {
            request.conversation.transaction = nil
        }
    }

    static func planCommit(_ request: ControlRequest) {
        guard let transaction = request.conversation.transaction else {
            return request.refuse(.conflict, "no transaction is open; begin opens one")
        }
        guard let options = CommitOptions(words: request.words) else {
            return request.refuse(.usage, "plan commit [cut] [confirm TIME]")
        }
        do throws(ConfigurationEdit.Failure) {
            let target = try transaction.apply(to: request.state.configuration)
            PlanCommand.answer(request, for: target, transaction.steps, cuts: options.cuts)
        } catch {
            request.refuse(error)
        }
    }

    private struct CommitOptions {
        var cuts = false
        var confirmWithin: Duration?

        init?(words: [String]) {
            var rest = words[...]
            while let word = rest.popFirst() {
                switch word {
                case "cut": cuts = true
                case "confirm":
                    guard let age = rest.popFirst().flatMap({ Age($0) }),
                        (1000...86_400_000).contains(age.milliseconds)
                    else { return nil }
                    confirmWithin = age.duration
                default: return nil
                }
            }
        }
    }

    private static func change(
        _ request: ControlRequest, _ transaction: Transaction, cuts: Bool,
        confirmWithin: Duration? = nil, made: @escaping () -> Void = {}
    ) {
        let edit = { (configuration: Configuration) throws(ConfigurationEdit.Failure) in
            try transaction.apply(to: configuration)
        }
        request.changes.live.change(
            ChangeRequest(
                edit: edit, actor: request.peer.actor, cuts: cuts, confirmWithin: confirmWithin
            ) { result in
                guard case .success(let result) = result else {
                    return request.answer(changed: result)
                }
                made()
                var table = result.difference.table
                for case .turn(let path, let position) in transaction.steps {
                    let resolver = PathResolver(topology: request.state.topology)
                    let channels = resolver.channels(at: path) ?? []
                    SwitchCommands.turn(channels, to: position, for: request, in: &table)
                }
                request.answer(table, [Reply.Attribute("cut", String(result.cut))])
            })
    }

    // MARK: Confirming

    static func confirm(_ request: ControlRequest) {
        guard request.changes.live.confirm() else {
            return request.refuse(.conflict, "no change waits to be confirmed")
        }
        request.answer()
    }

    static func planRollBack(_ request: ControlRequest) {
        guard let previous = request.changes.live.unconfirmed?.previous else {
            return request.refuse(.conflict, "no change waits to be confirmed")
        }
        PlanCommand.answer(request, for: previous, [], cuts: false)
    }

    static func rollBack(_ request: ControlRequest) {
        request.changes.live.rollBack(by: request.peer.actor) { request.answer(changed: $0) }
    }
}

extension ControlRequest {
    func refuse(_ mistake: ConfigurationEdit.Failure) { refuse(mistake.code, mistake.message) }

    /// What a change has changed from what to what, or why it was not made.
    func answer(changed result: Result<ChangeResult, ConfigurationEdit.Failure>) {
        switch result {
        case .success(let result):
            answer(result.difference.table, [Reply.Attribute("cut", String(result.cut))])
        case .failure(let mistake): refuse(mistake)
        }
    }
}
