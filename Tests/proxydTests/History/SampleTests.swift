import Shared
import Testing

@testable import proxyd

@Suite("History")
struct SampleTests {
    private func sample(_ number: Int) -> Sample { Sample(current: UInt32(number), state: .up) }

    @Test("a sample is small")
    func size() {
        #expect(MemoryLayout<Sample>.stride == 24)
        #expect(SampleSeries.bytes < 60_000)
    }

    @Test(
        "a ring keeps the latest steps, and has those that nobody saw, too",
        arguments: [
            // steps, from → what is there
            ([], 0, []), ([7], 0, [7]), ([7, 8], 8, [8]),
            ([7, 8, 9, 10, 11, 12], 0, [9, 10, 11, 12]),
            ([1, 2, 5], 0, [1, 2, -3, -4, 5]), ([1, 100], 0, [-97, -98, -99, 100]),
            ([7, 7, 6, 8], 0, [7, 8]), ([3, 4], 5, []), ([3, 4], 1000, []),
        ] as [([Int], Int, [Int])])
    func ring(steps: [Int], from: Int, expected: [Int]) {
        var ring = SampleRing(capacity: expected.count > 4 ? 5 : 4)
        for step in steps { ring.append(sample(step), step: UInt64(step)) }
        let found = ring.samples(from: UInt64(from)).map { step, sample in
            sample.state == .unseen ? -Int(step) : Int(sample.current)
        }
        #expect(found == expected)
    }

    private func reading(_ sessions: UInt64, connects: UInt64 = 0, time: UInt64 = 0)
        -> CounterReading
    {
        var reading = CounterReading(connects: connects, connectNanoseconds: time)
        reading.traffic.sessions = sessions
        reading.traffic.inBytes = sessions * 1000
        return reading
    }

    @Test("a series holds what came in each second, and adds up tens of them")
    func series() {
        var series = SampleSeries(from: reading(5))
        for second in 100..<125 {
            let sessions = UInt64(second - 94)
            series.add(
                reading(sessions, connects: sessions, time: sessions * 2_000_000),
                current: second == 113 ? 50 : 3, state: second == 119 ? .down : .up,
                second: UInt64(second))
        }
        let seconds = series.seconds.samples(from: 0)
        #expect(seconds.map(\.step) == Array(100..<125))
        #expect(seconds.allSatisfy { $0.sample.sessions == 1 && $0.sample.inBytes == 1000 })
        #expect(seconds[5].sample.connectMicroseconds == 2000)
        let tens = series.tenSeconds.samples(from: 0)
        #expect(tens.map(\.step) == [10, 11])
        #expect(tens.map(\.sample.sessions) == [10, 10])
        #expect(tens[1].sample.current == 50)
        #expect(tens[1].sample.state == .down)
        #expect(tens[1].sample.connectMicroseconds == 2000)
    }

    @Test("a supervisor that was held up leaves a hole, not a lie")
    func hole() {
        var series = SampleSeries(from: reading(0))
        series.add(reading(1), current: 0, state: .up, second: 10)
        series.add(reading(2), current: 0, state: .up, second: 45)
        #expect(series.seconds.samples(from: 0).count { $0.sample.state == .unseen } == 34)
        #expect(series.tenSeconds.samples(from: 0).map(\.step) == [1])
        series.add(reading(2), current: 0, state: .up, second: 60)
        let tens = series.tenSeconds.samples(from: 0)
        #expect(tens.map(\.sample.state) == [.up, .unseen, .unseen, .up])
    }

    @Test("numbers that do not fit stop at the most there is")
    func clamped() {
        var reading = CounterReading(connects: 1, connectNanoseconds: .max)
        reading.traffic.sessions = .max / 2
        reading.traffic.failures = 1_000_000
        let sample = reading.sample(since: CounterReading(), current: -1, state: .up)
        #expect(sample.sessions == .max)
        #expect(sample.failed == .max)
        #expect(sample.current == 0)
        #expect(sample.connectMicroseconds == Sample.noConnect - 1)
    }

    @Test("every state of a channel has one of a sample, by the same word")
    func states() {
        for state in ChannelState.allCases { #expect(Sample.State(state).word == state.rawValue) }
    }

    @Test("what is removed is let go, what is new is taken up, what stays keeps its past")
    func follow() throws {
        let history = History()
        let before = try Blueprint.topology([("mail", [("main", ["a", "b"])])])
        for second in 100..<103 { history.meetDeadline(before, generation: 1, now: .at(second)) }
        #expect(history.count == 3)
        let serials = before.channels.map(\.serial)
        #expect(history.series(of: serials[1])?.seconds.count == 3)
        let service = before.services[0]
        let group = service.groups[0]
        let fewer = Group(
            GroupConfiguration(name: "main"), in: "mail", serial: group.serial,
            channels: [group.channels[1], try .make("c", serial: 77)])
        let after = Topology(services: [
            Service(
                ServiceConfiguration(name: "mail"), serial: service.serial,
                listeners: service.listeners, groups: [fewer])
        ])
        history.meetDeadline(after, generation: 1, now: .at(103))
        #expect(history.series(of: serials[0]) != nil)
        history.meetDeadline(after, generation: 2, now: .at(104))
        #expect(history.series(of: serials[0]) == nil)
        #expect(history.series(of: serials[1])?.seconds.count == 5)
        #expect(history.series(of: 77)?.seconds.count == 1)
    }

    @Test("there are no more series than their memory allows, and the rest is counted")
    func bounded() throws {
        let topology = try Blueprint.topology([("mail", [("main", ["a", "b", "c"])])])
        let history = History(limit: 2 * SampleSeries.bytes)
        history.meetDeadline(topology, generation: 1, now: .at(1))
        #expect(history.count == 2)
        #expect(history.leftOut == 2)
        #expect(history.series(of: topology.channels[2].serial) == nil)
    }

    @Test("of many channels it looks at some per turn, all of them in the same second")
    func pieces() throws {
        let names = (0..<2 * History.entriesPerTurn).map { "c\($0)" }
        let topology = try Blueprint.topology([("mail", [("main", names)])])
        let history = History()
        for part in 1...3 {
            #expect(history.nextDeadline == .zero)
            history.meetDeadline(topology, generation: 1, now: .at(part + 4))
            let sampled = history.all.count { $0.series.seconds.count == 1 }
            #expect(sampled == min(part * History.entriesPerTurn, names.count + 1))
        }
        #expect(history.nextDeadline == .at(6))
    }

    @Test("it looks once a second, and says when next")
    func pace() throws {
        let topology = try Blueprint.topology([("mail", [("main", ["a"])])])
        let history = History()
        history.meetDeadline(topology, generation: 1, now: .at(5))
        #expect(history.nextDeadline == .at(6))
        history.meetDeadline(topology, generation: 1, now: .at(5))
        #expect(history.series(of: topology.channels[0].serial)?.seconds.count == 1)
    }

    @Test(
        "show history is asked for in these ways",
        arguments: [
            ("a", nil, 1), ("a since 5m", 300_000, 1), ("a since 4h", 14_400_000, 10),
            ("a step 10s", nil, 10), ("a since 4h step 1s", 14_400_000, 1), ("a step 10", nil, 10),
        ] as [(String, UInt64?, UInt64)])
    func wishes(line: String, since: UInt64?, step: UInt64) throws {
        let words = line.split(separator: " ").map(String.init)
        let wish = try #require(HistoryCommand.Query(words: words))
        #expect(wish.since?.milliseconds == since)
        #expect(wish.step == step)
    }

    @Test(
        "and not in these",
        arguments: [
            ("show history", Reply.ErrorCode.usage), ("show history a since", .usage),
            ("show history a since x", .usage), ("show history a step 5s", .usage),
            ("show history a until 5s", .usage), ("show history nobody", .notFound),
            ("show history mail/main", .notFound), ("show history mail/spare", .notFound),
            ("show history mail/main/a", .busy),
        ])
    func refused(line: String, code: Reply.ErrorCode) throws {
        #expect(try FakeDaemon.make().refusal(line).code == code)
    }

    @Test("show history tells what a channel did, and when")
    func shown() throws {
        let daemon = try FakeDaemon.make()
        let channel = daemon.topology.channels[0]
        let now = Instant.now
        for back in [2, 1, 0] {
            if back == 1 { channel.counters[0].addSession() }
            daemon.history.meetDeadline(
                daemon.topology, generation: 1,
                now: Instant(nanoseconds: now.nanoseconds - UInt64(back) * 1_000_000_000))
        }
        let (table, attributes) = try daemon.table("show history mail/main/a")
        let rows = HistorySample.all(in: table)
        #expect(rows.map(\.sessions) == [0, 1, 0])
        #expect(rows.map(\.state) == ["up", "up", "up"])
        #expect(attributes["step_ms"] == "1000")
        #expect(rows[2].monotonicMilliseconds == now.nanoseconds / 1_000_000_000 * 1000)
        #expect(rows[2].timeMilliseconds - rows[1].timeMilliseconds == 1000)
        #expect(try daemon.table("show history mail").table.rows.count == 3)
    }
}
