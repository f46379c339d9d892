internal import Shared

/// Who may come in: rules in order, made ready for many clients.
final class AccessList: Sendable {
    /// The rule's number from 1, and what it does.
    struct Denial: Equatable, Sendable {
        var rule: Int
        var action: DenyAction
    }

    private let rules: [Rule]
    private let words: [String]

    private struct Rule: Sendable {
        var verdict: AccessRule.Verdict
        var clients: Clients
    }

    private enum Clients: Sendable {
        case all, unix
        case ranges(AddressRanges)

        func contain(_ client: Endpoint) -> Bool {
            switch (self, client) {
            case (.all, _): true
            case (.unix, .unix): true
            case (.unix, _): false
            case (.ranges(let ranges), .ip(let address, _)): ranges.contains(address)
            case (.ranges, _): false
            }
        }
    }

    /// nil where there are no rules.
    init?(_ rules: [AccessRule]) {
        guard !rules.isEmpty else { return nil }
        words = rules.map(\.description)
        self.rules = rules.map { rule in
            let clients: Clients
            switch rule.clients {
            case .all: clients = .all
            case .unix: clients = .unix
            case .networks(let networks), .file(_, let networks):
                clients = .ranges(AddressRanges(networks))
            }
            return Rule(verdict: rule.verdict, clients: clients)
        }
    }

    /// Why a client may not come in; nil: it may. A client that no rule fits may.
    func denial(of client: Endpoint) -> Denial? {
        for (index, rule) in rules.enumerated() where rule.clients.contain(client) {
            guard case .deny(let action) = rule.verdict else { return nil }
            return Denial(rule: index + 1, action: action)
        }
        return nil
    }

    /// As it was written.
    func words(of denial: Denial) -> String {
        words.indices.contains(denial.rule - 1) ? words[denial.rule - 1] : ""
    }
}
