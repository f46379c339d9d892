internal import Shared

/// One probe of a channel, at every address of its name: good as soon as one of them is, bad when none is.
final class ProbeRound {
    let probe: ProbeConfiguration
    let channel: Channel
    private let targets: [Endpoint]
    private let finish: (ProbeResult) -> Void
    private let end: (ProbeResult) -> Void
    private var open: Int
    private var good: ProbeResult?
    private var failures: [(target: Endpoint, result: ProbeResult)] = []

    /// `finish` gets the verdict, `end` what all addresses together have come to.
    init(
        _ probe: ProbeConfiguration, of channel: Channel, at targets: [Endpoint],
        finish: @escaping (ProbeResult) -> Void, end: @escaping (ProbeResult) -> Void
    ) {
        self.probe = probe
        self.channel = channel
        self.targets = targets
        self.finish = finish
        self.end = end
        open = targets.count
    }

    /// The result at one of the addresses.
    func take(_ result: ProbeResult, at target: Endpoint?, now: Instant) {
        open -= 1
        note(result, at: target, now: now)
        if result.isGood {
            if good == nil { finish(result) }
            good = good ?? result
        } else if let target {
            failures.append((target, result))
        }
        guard open <= 0 else { return }
        let all = outcome(result)
        if good == nil { finish(all) }
        end(all)
    }

    /// Sessions pass over an address that fails while others of its name work.
    private func note(_ result: ProbeResult, at target: Endpoint?, now: Instant) {
        guard targets.count > 1, result.isCounted, let target else { return }
        let addresses = channel.addresses
        guard addresses.count == targets.count, let index = targets.firstIndex(of: target) else {
            return
        }
        channel.turns.note(addresses[index], isGood: result.isGood, now: now)
    }

    /// What they have come to together; `last` is the last of them.
    private func outcome(_ last: ProbeResult) -> ProbeResult {
        guard targets.count > 1 else { return good ?? last }
        let words = failures.map { "\($0.target): \($0.result.words)" }.joined(separator: ", ")
        if var good {
            if !failures.isEmpty { good = .good(good.words + "; " + words, of: good) }
            return good
        }
        var bad = ProbeResult.bad(words)
        bad.nanoseconds = failures.map(\.result.nanoseconds).max() ?? 0
        // An address that could not be asked may be the one that works.
        bad.isCounted = failures.allSatisfy(\.result.isCounted)
        return bad
    }
}

extension ProbeResult {
    /// The same in other words.
    fileprivate static func good(_ words: String, of result: ProbeResult) -> ProbeResult {
        var other = result
        other.words = String(words.unicodeScalars.prefix(longestWords))
        return other
    }
}
