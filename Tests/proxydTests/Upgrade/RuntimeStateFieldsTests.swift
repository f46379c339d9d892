import Shared
import Testing

@testable import proxyd

@Suite("what is handed over of things")
struct StandingFieldsTests {
    private static func totals(_ first: UInt64) -> TrafficCounters.Totals {
        TrafficCounters.Totals(handed: (0..<5).map { first + $0 })
    }

    private func moved(_ standing: ChannelRuntimeState) throws -> ChannelRuntimeState {
        var fields = HandoverFields()
        standing.put(into: &fields)
        return try ChannelRuntimeState(handed: HandoverRecord(fields.bytes[...]))
    }

    @Test("a channel goes on in another process as it was", arguments: [true, false])
    func channel(isDown: Bool) throws {
        let old = try Channel.make("a", weight: 3, maxc: 5)
        for _ in 0..<3 { _ = old.failed(why: "refused", grace: .seconds(60), now: .at(200)) }
        old.errors.record("refused", errno: 111, now: .at(200))
        for _ in 0..<2 { old.errors.record("no channel", errno: 0, now: .at(200)) }
        old.latency.note(nanoseconds: 5_000_000, now: .at(200))
        old.counters[0].addSession()
        old.counters[0].addBytes(1000, from: .client)
        old.timings[0].connect.record(nanoseconds: 1_234_567)
        old.baseline.reset(to: Self.totals(1))
        if isDown { _ = old.setDown(why: "probe http: 503", now: .at(210)) }
        old.probes.note("503", nanoseconds: 77)
        let new = try Channel.make("a", weight: 3, maxc: 5)
        new.restore(try moved(old.runtimeState))
        for second in [205, 259, 261] {
            #expect(new.state(now: .at(second)) == old.state(now: .at(second)))
            #expect(new.note(now: .at(second)).why == old.note(now: .at(second)).why)
            #expect(new.note(now: .at(second)).since == old.note(now: .at(second)).since)
        }
        #expect(new.isDown == isDown)
        #expect(new.totals == old.totals && new.baseline.present == old.baseline.present)
        #expect(new.errors.all == old.errors.all)
        #expect(new.errors.counts == ["refused": 1, "no channel": 2])
        #expect(new.latency.value(now: .at(201)) == old.latency.value(now: .at(201)))
        #expect(new.runtimeState.connect == old.runtimeState.connect)
        #expect(new.probes.last.words == "503" && new.probes.last.nanoseconds == 77)
        #expect(new.runtimeState.health == old.runtimeState.health)
    }

    @Test(
        "what people have said holds",
        arguments: [Channel.Switch.on, .draining, .off, .auto, .removed])
    func positions(position: Channel.Switch) throws {
        let old = try Channel.make()
        old.turn(position, by: "0:proxyd[1]", now: .at(150))
        let new = try Channel.make()
        new.restore(try moved(old.runtimeState))
        #expect(new.position == position)
        #expect(new.note(now: .at(151)).by == "0:proxyd[1]")
    }

    @Test("a position that a later version has takes no sessions")
    func unknownPosition() throws {
        var fields = HandoverFields()
        // The first field of a standing.
        enum Tag: UInt16, HandoverTag { case position = 1 }
        fields.put(Tag.position, UInt64(99))
        #expect(
            try ChannelRuntimeState(handed: HandoverRecord(fields.bytes[...])).position == .draining
        )
    }

    @Test("a channel that is somewhere else now keeps what was counted and what people said")
    func relocated() throws {
        let old = try Channel.make()
        _ = old.failed(why: "refused", grace: .seconds(60), now: .at(200))
        _ = old.setDown(why: "probe", now: .at(200))
        old.counters[0].addSession()
        let new = try Channel.make()
        new.restore(old.runtimeState.counted)
        #expect(new.state(now: .at(201)) == .up)
        #expect(new.totals.sessions == 1)
    }

    @Test("after a hand-over a probe's first result is not its first")
    func probes() throws {
        var probe = ProbeConfiguration(name: "0", check: .connect)
        (probe.rise, probe.fall) = (2, 3)
        var state = HealthState(ProbePlan(probes: [probe]))
        state.resume(isUp: false)
        #expect(!state.isUp)
        state.record(true, probe: 0)
        #expect(!state.isUp)
        state.record(true, probe: 0)
        #expect(state.isUp)
        state.resume(isUp: true)
        for _ in 0..<2 { state.record(false, probe: 0) }
        #expect(state.isUp)
        state.record(false, probe: 0)
        #expect(!state.isUp)
    }

    // MARK: The past

    @Test("an event comes back as it was; one of a kind that nobody knows is left out")
    func events() throws {
        let event = Event(
            .warning, .failed, of: Event.Subject(kind: .channel, name: "s/g/a", serial: 4),
            from: "up", to: "grace", because: "refused",
            by: Actor(uid: 7, pid: 8, program: "ctl"), line: "channel s/g/a failed: refused")
        let entry = EventRing.Entry(
            number: 41, wallMilliseconds: 5, instant: .at(3), event: event)
        let moved = try #require(
            EventRing.Entry(handed: HandoverRecord(entry.handed.bytes[...])))
        #expect(moved.number == 41 && moved.wallMilliseconds == 5 && moved.instant == .at(3))
        #expect(moved.event == event)
        var bytes = entry.handed.bytes
        let word = Array("failed".utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: word) })
        bytes.replaceSubrange(place..<place + word.count, with: "fooled".utf8)
        #expect(try EventRing.Entry(handed: HandoverRecord(bytes[...])) == nil)
    }

    @Test("events are numbered on, those told meanwhile come last, and old ones fill in")
    func ring() {
        func event(_ line: String) -> Event { Event(.info, .ready, of: .daemon, line: line) }
        let ring = EventRing(capacity: 8)
        ring.append(event("own"), wallMilliseconds: 1, now: .at(1))
        ring.resume(after: 20)
        #expect(ring.last == 21)
        for number in 10...20 {
            ring.restore(
                EventRing.Entry(
                    number: UInt64(number), wallMilliseconds: 0, instant: .zero,
                    event: event("\(number)")))
        }
        let (_, entries) = ring.entries(since: 0)
        #expect(entries.map(\.number) == Array(14...21))
        #expect(entries.map(\.event.line) == (14...20).map(String.init) + ["own"])
        // What is behind the last one cannot have been told.
        ring.restore(
            EventRing.Entry(
                number: 22, wallMilliseconds: 0, instant: .zero, event: event("future")))
        #expect(ring.entries(since: 0).entries.count == 8)
    }

    @Test("what was seen before comes in front of what is seen here")
    func samples() {
        var old = SampleRing(capacity: 5)
        var new = SampleRing(capacity: 5)
        for step in UInt64(1)...6 {
            old.append(Sample(inBytes: Float(step), failed: 1, state: .grace), step: step)
        }
        new.append(Sample(inBytes: 70, state: .up), step: 7)
        new.append(Sample(inBytes: 90, state: .up), step: 9)
        new.precede(with: old.handed[...])
        #expect(new.samples(from: 0).map(\.step) == [5, 6, 7, 8, 9])
        #expect(new.samples(from: 0).map(\.sample.inBytes) == [5, 6, 70, 0, 90])
        #expect(new.samples(from: 0).map(\.sample.state) == [.grace, .grace, .up, .unseen, .up])
        // Nothing, or what cannot be, changes nothing.
        new.precede(with: [])
        new.precede(with: [UInt8](repeating: 0xFF, count: 100)[...])
        #expect(new.count == 5)
    }

    @Test("a thing keeps its number, and another one never gets it")
    func serials() {
        let serials = Serials(resuming: ["channel s/g/a": 5, "channel s/g/b": 9], last: 7)
        #expect(serials.next(for: "channel s/g/a") == 5)
        #expect(serials.next(for: "channel s/g/a") == 10)
        #expect(serials.next(for: "channel s/g/c") == 11)
        serials.forgetOthers()
        #expect(serials.next(for: "channel s/g/b") == 12)
    }
}
