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
            balance = try read(words)
        } catch {
            return request.refuse(.invalid, "\(error.problem); \(error.remedy)")
        }
        var table = Table(columns: ["path", "field", "from", "to"])
        let before = group.balance
        if before != balance {
            _ = group.setBalance(balance)
            table.append([group.path, "balance", before.description, balance.description])
            Log.line(
                "group \(group.path) balance \(before) → \(balance): by \(request.peer.actor)")
            request.daemon.share.raiseGeneration()
            // What the old policy could not place, the new one may.
            request.daemon.channelsChanged()
        }
        request.answer(table)
    }

    private static func read(_ words: [String]) throws(ValueMistake) -> BalanceConfiguration {
        guard let policy = words.first else {
            throw ValueMistake(
                "no policy is given", "write \(ValueReader.choice(PolicyName.words))")
        }
        var options = BalanceOptions()
        try options.set("policy", to: policy)
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0] != "policy" else {
                throw ValueMistake("“\(word.prefix(40))” is no option", "write it as failover=true")
            }
            try options.set(parts[0], to: parts[1])
        }
        do throws(BalanceOptions.Nonsense) {
            return try options.configuration()
        } catch {
            throw error.mistake
        }
    }
}
