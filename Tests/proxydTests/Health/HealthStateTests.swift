import Testing

@testable import proxyd

/// Results in, up or down out.
@Suite("health state")
struct HealthStateTests {
    /// `+` is a good result, `-` a bad one; `U` and `D` is what they lead to.
    struct Story: Sendable, CustomTestStringConvertible {
        var rise = 2
        var fall = 3
        var results: String
        var states: String
        var testDescription: String { "rise \(rise) fall \(fall): \(results)" }
    }

    static let stories = [
        Story(results: "++++", states: "UUUU"),
        Story(results: "+---", states: "UUUD"),
        Story(results: "+--+--+---", states: "UUUUUUUUUD"),
        Story(results: "+---+-++", states: "UUUDDDDU"),
        Story(results: "+---++--", states: "UUUDDUUU"),
        // The first result decides by itself.
        Story(results: "-++", states: "DDU"),
        Story(results: "--", states: "DD"),
        Story(rise: 1, fall: 1, results: "+-+-", states: "UDUD"),
        Story(rise: 3, fall: 1, results: "+-++-+++", states: "UDDDDDDU"),
    ]

    @Test("rise and fall are counted in a row", arguments: stories)
    func counts(story: Story) {
        let probe = ProbeConfiguration(rise: story.rise, fall: story.fall)
        var state = HealthState(ProbePlan(probes: [probe]))
        #expect(state.isUp)
        var states = ""
        for result in story.results {
            let before = state.isUp
            let hasChanged = state.record(result == "+", probe: 0)
            #expect(hasChanged == (before != state.isUp))
            states.append(state.isUp ? "U" : "D")
        }
        #expect(states == story.states)
    }

    /// The last results of two probes, and what they mean together.
    static let pairs: [(ProbeNeed, Bool, Bool, Bool)] = [
        (.all, true, true, true), (.all, true, false, false), (.all, false, true, false),
        (.all, false, false, false),
        (.any, true, true, true), (.any, true, false, true), (.any, false, true, true),
        (.any, false, false, false),
    ]

    @Test("several probes are combined", arguments: pairs)
    func combined(need: ProbeNeed, first: Bool, second: Bool, isUp: Bool) {
        let plan = ProbePlan(probes: [ProbeConfiguration(), ProbeConfiguration()], need: need)
        var state = HealthState(plan)
        state.record(first, probe: 0)
        state.record(second, probe: 1)
        #expect(state.isUp == isUp)
        #expect(state.isUp(probe: 0) == first)
        #expect(state.isUp(probe: 1) == second)
    }

    @Test("a channel without probes is up", arguments: ProbeNeed.allCases)
    func none(need: ProbeNeed) {
        #expect(HealthState(ProbePlan(probes: [], need: need)).isUp)
    }

    /// Results, and whether the next probe comes after the fast interval.
    static let paces: [(String, Bool)] = [
        ("", false), ("+", false), ("+-", true), ("+-+", false), ("-", true), ("-+", true),
        ("-++", false), ("+---", true),
    ]

    @Test("it is probed more often while it is down or may soon be", arguments: paces)
    func pace(results: String, isFast: Bool) {
        let probe = ProbeConfiguration(interval: .seconds(10), fastInterval: .seconds(1))
        var state = HealthState(ProbePlan(probes: [probe]))
        for result in results { state.record(result == "+", probe: 0) }
        let base = isFast ? 1.0 : 10.0
        var generator = SeededGenerator(seed: 7)
        var pauses: Set<Duration> = []
        for _ in 0..<100 {
            let pause = state.pause(probe: 0, using: &generator)
            #expect(pause >= .seconds(base * 0.9) && pause <= .seconds(base * 1.1))
            pauses.insert(pause)
        }
        #expect(pauses.count > 50)
    }

    @Test("the same seed gives the same pauses")
    func deterministic() {
        let state = HealthState(ProbePlan(probes: [ProbeConfiguration()]))
        var (one, other) = (SeededGenerator(seed: 3), SeededGenerator(seed: 3))
        for _ in 0..<20 {
            #expect(
                state.pause(probe: 0, using: &one) == state.pause(probe: 0, using: &other))
        }
    }

    @Test("a pause of nearly nothing is still one")
    func tiny() {
        let probe = ProbeConfiguration(interval: .nanoseconds(5))
        let state = HealthState(ProbePlan(probes: [probe]))
        var generator = SeededGenerator(seed: 1)
        #expect(state.pause(probe: 0, using: &generator) == .nanoseconds(5))
    }
}
