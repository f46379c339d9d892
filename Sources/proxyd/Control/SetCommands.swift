internal import Shared

/// Commands that change a setting while the daemon runs.
enum SetCommands {
    static func set(_ request: ControlRequest) {
        let words = request.words
        guard words.count >= 2 else {
            return request.refuse(
                .usage, "write set GROUP balance POLICY, as in set 0 balance hash")
        }
        switch words[1] {
        case "balance": setBalance(request, of: words[0], to: Array(words.dropFirst(2)))
        default:
            request.refuse(.usage, "“\(words[1].prefix(40))” cannot be set; there is: balance")
        }
    }

    /// Sessions stay where they are; the next one is placed by the new policy.
    private static func setBalance(_ request: ControlRequest, of path: String, to words: [String]) {
        guard let group = PathResolver(topology: request.daemon.topology).group(at: path) else {
            return request.refuse(.notFound, "no group “\(path.prefix(80))”")
        }
        let balance: BalanceConfiguration
        do throws(ValueMistake) {
            balance = try BalanceOptions.read(words)
        } catch {
            return request.refuse(.invalid, "\(error.problem); \(error.remedy)")
        }
        var table = Table(columns: ["path", "field", "from", "to"])
        let before = group.balance
        // Who is primary has to be known before the first session comes.
        guard (before.policy == .primary) == (balance.policy == .primary) else {
            return request.refuse(
                .invalid, "primary cannot be set or left while sessions run; use the file")
        }
        if before != balance {
            _ = group.setBalance(balance)
            table.append([group.path, "balance", before.description, balance.description])
            request.daemon.tell(
                Event(
                    .notice, .balance, of: .group(group), from: before.description,
                    to: balance.description, by: request.peer.actor,
                    line: "group \(group.path) balance \(before) → \(balance): "
                        + "by \(request.peer.actor)"))
            request.daemon.share.raiseGeneration()
            // What the old policy could not place, the new one may.
            request.daemon.channelsChanged()
        }
        request.answer(table)
    }
}
