import Testing

@testable import proxyd

@Suite("Election")
struct ElectionTests {
    /// A story: what happens, and what is done about it.
    typealias Story = [(Election.Event, [Election.Action])]

    private static func settings(
        check: Bool = false, triggers: Bool = false,
        _ change: (inout ElectionConfiguration) -> Void = { _ in }
    ) -> ElectionConfiguration {
        var settings = ElectionConfiguration()
        if check { settings.check = "/check" }
        if triggers { settings.triggers = "/triggers" }
        change(&settings)
        return settings
    }

    @discardableResult
    private func tell(
        _ story: Story, _ settings: ElectionConfiguration, channels: Int = 3,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> Election {
        var election = Election(settings, isEnabled: Array(repeating: true, count: channels))
        for (step, (event, actions)) in story.enumerated() {
            #expect(
                election.handle(event) == actions, "step \(step): \(event)",
                sourceLocation: sourceLocation)
        }
        return election
    }

    private static let begin: [Election.Action] = [.scheduleFailback(nil), .vacate, .connect(0)]
    private static let idle = Election.Action.scheduleFailback(nil)

    @Test("the first that connects is primary when nothing else is asked for")
    func first() {
        let election = tell(
            [(.start, Self.begin), (.connectSucceeded, [.install(0), Self.idle])], Self.settings())
        #expect(election.phase == .serving(primary: 0))
    }

    @Test("connect, check and triggers come one after the other, and only then sessions")
    func steps() {
        let election = tell(
            [
                (.start, Self.begin), (.connectFailed, [.connect(1)]),
                (.connectSucceeded, [.check(1)]), (.checkFailed, [.connect(2)]),
                (.connectSucceeded, [.check(2)]), (.checkPassed, [.runTriggers(2)]),
                (.triggersDone, [.install(2), Self.idle]),
            ], Self.settings(check: true, triggers: true))
        #expect(election.phase == .serving(primary: 2))
    }

    @Test(
        "pauses are doubled up to the longest one",
        arguments: [(60, [1, 2, 4, 8, 16, 32, 60, 60]), (2, [1, 2, 2, 2]), (1, [1, 1, 1])])
    func backoff(longest: Int, pauses: [Int]) {
        let settings = Self.settings { $0.maxBackoff = .seconds(longest) }
        var election = Election(settings, isEnabled: [true])
        _ = election.handle(.start)
        for pause in pauses {
            #expect(election.handle(.connectFailed) == [.adjourn(.seconds(pause))])
            #expect(election.phase == .waiting(backoff: .seconds(pause)))
            #expect(election.handle(.timer) == [.connect(0)])
        }
        // Clients were told that nobody is there; now there is somebody again.
        #expect(election.handle(.connectSucceeded) == [.vacate, .install(0), Self.idle])
        // Begun again with every selection.
        _ = election.handle(.primaryFailed(0, slowly: false))
        #expect(election.handle(.connectFailed) == [.adjourn(.seconds(1))])
    }

    @Test("a dead primary leads to a selection from the beginning of the list, itself included")
    func failover() {
        tell(
            [
                (.start, Self.begin), (.connectFailed, [.connect(1)]),
                (.connectSucceeded, [.install(1), Self.idle]),
                (.primaryFailed(1, slowly: false), Self.begin), (.connectFailed, [.connect(1)]),
                (.connectSucceeded, [.install(1), Self.idle]),
            ], Self.settings())
    }

    @Test("one that let a client wait in vain is tried last")
    func slow() {
        tell(
            [
                (.start, Self.begin), (.connectSucceeded, [.install(0), Self.idle]),
                (.primaryFailed(0, slowly: true), [Self.idle, .vacate, .connect(1)]),
                (.connectFailed, [.connect(2)]), (.connectFailed, [.connect(0)]),
            ], Self.settings())
    }

    @Test("prefer: previous asks the last primary first")
    func previous() {
        tell(
            [
                (.start, Self.begin), (.connectFailed, [.connect(1)]),
                (.connectSucceeded, [.install(1), Self.idle]),
                (.primaryFailed(1, slowly: false), [Self.idle, .vacate, .connect(1)]),
                (.connectFailed, [.connect(0)]),
            ], Self.settings { $0.prefer = .previous })
    }

    @Test("what is told of somebody else changes nothing")
    func stale() {
        let election = tell(
            [
                (.start, Self.begin), (.checkPassed, []), (.triggersDone, []), (.timer, []),
                (.failbackDue, []), (.primaryFailed(0, slowly: false), []),
                (.connectSucceeded, [.install(0), Self.idle]), (.connectFailed, []),
                (.primaryFailed(1, slowly: false), []), (.timer, []), (.start, []),
            ], Self.settings())
        #expect(election.phase == .serving(primary: 0))
    }

    @Test("one that is promoted has to prove itself while the primary serves on")
    func promote() {
        let start: Story = [
            (.start, Self.begin), (.connectSucceeded, [.check(0)]),
            (.checkPassed, [.runTriggers(0)]), (.triggersDone, [.install(0), Self.idle]),
            (.promote(0), []), (.promote(2), [.cancel, Self.idle, .connect(2)]),
            (.connectSucceeded, [.check(2)]),
        ]
        let settings = Self.settings(check: true, triggers: true)
        let kept = tell(start + [(.checkFailed, [.keep(0), Self.idle])], settings)
        #expect(kept.phase == .serving(primary: 0))
        let changed = tell(
            start + [
                (.checkPassed, [.vacate, .runTriggers(2)]),
                (.triggersDone, [.install(2), Self.idle]),
            ], settings)
        #expect(changed.phase == .serving(primary: 2))
        // The primary dies meanwhile: the candidate goes on, the others are behind it.
        tell(
            start + [
                (.primaryFailed(0, slowly: false), [.vacate]), (.checkFailed, [.connect(0)]),
                (.connectFailed, [.connect(1)]),
            ], settings)
    }

    @Test("promotion ends a pause, and turns a selection round")
    func promoteWithoutPrimary() {
        tell(
            [
                (.start, Self.begin), (.promote(2), [.cancel, .vacate, .connect(2)]),
                (.connectFailed, [.connect(0)]), (.connectFailed, [.connect(1)]),
                (.connectFailed, [.adjourn(.seconds(1))]),
                (.promote(1), [.cancel, .vacate, .connect(1)]),
                (.connectSucceeded, [.install(1), Self.idle]),
            ], Self.settings())
    }

    @Test("a person's election begins anew, whatever is going on")
    func elect() {
        tell(
            [
                (.start, Self.begin), (.connectFailed, [.connect(1)]),
                (.elect, [.cancel] + Self.begin),
                (.connectSucceeded, [.install(0), Self.idle]), (.elect, [.cancel] + Self.begin),
                (.connectFailed, [.connect(1)]), (.connectFailed, [.connect(2)]),
                (.connectFailed, [.adjourn(.seconds(1))]), (.elect, Self.begin),
            ], Self.settings())
    }

    @Test("a channel that is switched off is neither candidate nor primary")
    func disabled() {
        tell(
            [
                (.start, Self.begin), (.disabled(1), []), (.connectFailed, [.connect(2)]),
                (.disabled(2), [.cancel, .adjourn(.seconds(1))]),
                (.enabled(1), [.cancel, Self.idle, .vacate, .connect(0)]),
                (.connectFailed, [.connect(1)]),
                (.connectSucceeded, [.install(1), Self.idle]),
                (.disabled(1), [Self.idle, .vacate, .connect(0)]),
                (.promote(1), []),
            ], Self.settings())
    }

    @Test("one that is to replace the primary and is switched off replaces nobody")
    func disabledReplacement() {
        tell(
            [
                (.start, Self.begin), (.connectSucceeded, [.install(0), Self.idle]),
                (.promote(1), [.cancel, Self.idle, .connect(1)]),
                (.disabled(1), [.cancel, .keep(0), Self.idle]),
                (.promote(2), [.cancel, Self.idle, .connect(2)]),
                (.disabled(0), [.vacate]), (.connectSucceeded, [.install(2), Self.idle]),
            ], Self.settings())
    }

    @Test("automatic failback tries those before the primary, again and again, while it serves")
    func failback() {
        let settings = Self.settings {
            $0.failback = .auto
            $0.failbackDelay = .seconds(30)
        }
        let later = Election.Action.scheduleFailback(.seconds(30))
        let election = tell(
            [
                (.start, Self.begin), (.connectFailed, [.connect(1)]),
                (.connectFailed, [.connect(2)]), (.connectSucceeded, [.install(2), later]),
                (.failbackDue, [.connect(0)]), (.connectFailed, [.connect(1)]),
                (.connectFailed, [.keep(2), later]), (.failbackDue, [.connect(0)]),
                (.connectSucceeded, [.vacate, .install(0), Self.idle]),
                (.failbackDue, [.keep(0), Self.idle]),
            ], settings)
        #expect(election.phase == .serving(primary: 0))
    }

    @Test("nobody is elected where nobody is enabled")
    func nobody() {
        var election = Election(Self.settings(), isEnabled: [false, false])
        #expect(election.handle(.start) == [Self.idle, .vacate, .adjourn(.seconds(1))])
    }
}
