/// What the results of a channel's probes mean: up or down, and when to probe again. No socket, no
/// clock and no random source of its own.
///
/// A channel that was never probed counts as up. The first result of a probe decides by itself, so that
/// a daemon that starts does not send its first clients to a dead channel; after that `rise` and `fall`
/// results in a row are needed.
struct HealthState: Equatable, Sendable {
    /// What one probe has found so far.
    private struct Tally: Equatable {
        var isUp = true
        var isKnown = false
        /// Results in a row that contradict `isUp`.
        var contradictions = 0
    }

    private let plan: ProbePlan
    private var tallies: [Tally]

    init(_ plan: ProbePlan) {
        self.plan = plan
        tallies = plan.probes.map { _ in Tally() }
    }

    /// The probes have found enough elsewhere, and the channel is up or down by them.
    mutating func resume(isUp: Bool) {
        tallies = tallies.map { _ in Tally(isUp: isUp, isKnown: true) }
    }

    /// Whether the probes together say that the channel can take sessions.
    var isUp: Bool {
        switch plan.need {
        case .all: tallies.allSatisfy(\.isUp)
        case .any: tallies.isEmpty || tallies.contains(where: \.isUp)
        }
    }

    /// Whether one of the probes, for itself, says so.
    func isUp(probe: Int) -> Bool { tallies[probe].isUp }

    /// Takes a result, and says whether `isUp` has changed.
    @discardableResult
    mutating func record(_ isGood: Bool, probe: Int) -> Bool {
        let before = isUp
        var tally = tallies[probe]
        if tally.isUp == isGood {
            tally.contradictions = 0
        } else {
            tally.contradictions += 1
            let settings = plan.probes[probe]
            let needed = tally.isUp ? settings.fall : settings.rise
            if !tally.isKnown || tally.contradictions >= needed {
                tally.isUp = isGood
                tally.contradictions = 0
            }
        }
        tally.isKnown = true
        tallies[probe] = tally
        return isUp != before
    }

    /// Whether a change is likely or has to be seen soon.
    func isUrgent(probe: Int) -> Bool {
        !tallies[probe].isUp || tallies[probe].contradictions > 0
    }

    /// How long after a result the probe runs again: the interval that applies, a tenth more or less,
    /// so that probes that started together do not stay together.
    func pause(probe: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let settings = plan.probes[probe]
        let base = isUrgent(probe: probe) ? settings.fastInterval : settings.interval
        let nanoseconds = base.wholeNanoseconds
        let tenth = nanoseconds / 10
        let jittered = nanoseconds - tenth + UInt64.random(in: 0...2 * tenth, using: &generator)
        return .nanoseconds(Int64(clamping: jittered))
    }
}
