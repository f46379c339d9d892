internal import Shared

/// Changes that were asked for between `begin` and `commit`, to be made together or not at all.
struct Transaction {
    enum Step {
        case edit(ConfigurationEdit)
        /// A channel, group or service is switched once the edits are made.
        case turn(path: String, Channel.Switch)
    }

    private(set) var steps: [Step] = []
    /// The configuration of that generation with these edits made, so that another line applies only its own.
    private var applied: (generation: UInt64, draft: ConfigurationDraft)?

    static let mostSteps = 10_000

    mutating func append(_ step: Step) throws(ConfigurationEdit.Failure) {
        guard steps.count < Self.mostSteps else {
            throw .init(
                .invalid, "a transaction has at most \(Self.mostSteps) lines; commit this one")
        }
        steps.append(step)
    }

    /// Adds a line and tries it at once, so that an error is reported with the line; a line with an error is not added.
    mutating func take(
        _ step: Step, on configuration: Configuration, generation: UInt64
    ) throws(ConfigurationEdit.Failure) {
        if case .edit(let edit) = step, steps.count < Self.mostSteps {
            var draft = try takeDraft(of: configuration, generation)
            // An edit that fails has changed nothing.
            defer { applied = (generation, draft) }
            do throws(ConfigurationEdit.Failure) {
                try edit.apply(to: &draft)
            } catch {
                guard !steps.isEmpty else { throw error }
                throw .init(error.code, "line \(steps.count + 1): \(error.message)")
            }
        }
        try append(step)
    }

    /// The only reference, so that it is changed in place.
    private mutating func takeDraft(
        of configuration: Configuration, _ generation: UInt64
    ) throws(ConfigurationEdit.Failure) -> ConfigurationDraft {
        guard applied?.generation == generation, let draft = applied?.draft else {
            return try draft(of: configuration)
        }
        applied = nil
        return draft
    }

    /// The configuration with every edit, judged as a whole by the rules of the file.
    func apply(
        to configuration: Configuration
    ) throws(ConfigurationEdit.Failure) -> Configuration {
        let draft = try draft(of: configuration)
        for case .turn(let path, _) in steps where ThingPath(draft: draft).things(at: path).isEmpty
        {
            throw .init(.notFound, "no channel, group or service “\(path.prefix(80))”")
        }
        var validator = DraftValidator(diagnostics: Diagnostics())
        do throws(ConfigurationErrors) {
            return try validator.configuration(from: draft)
        } catch {
            throw .init(.invalid, error.summary)
        }
    }

    /// The edits alone: what one line makes may be completed by the next.
    func draft(of configuration: Configuration) throws(ConfigurationEdit.Failure)
        -> ConfigurationDraft
    {
        var draft = ConfigurationDraft(of: configuration)
        for (index, step) in steps.enumerated() {
            guard case .edit(let edit) = step else { continue }
            do throws(ConfigurationEdit.Failure) {
                try edit.apply(to: &draft)
            } catch {
                guard steps.count > 1 else { throw error }
                throw .init(error.code, "line \(index + 1): \(error.message)")
            }
        }
        return draft
    }
}

extension ConfigurationErrors {
    /// The first of them, and how many more there are.
    var summary: String {
        let first = errors.first?.description ?? ""
        return errors.count > 1 ? "\(first) (and \(errors.count - 1) more)" : first
    }
}

/// What one control connection remembers from line to line.
final class Conversation {
    var transaction: Transaction?
    /// Paths that this connection is about to change, for others to see.
    var intends: [String] = []
}
