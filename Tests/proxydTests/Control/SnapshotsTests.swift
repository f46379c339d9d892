import Histogram
import Shared
import Testing

@testable import proxyd

@Suite("Snapshots")
struct SnapshotsTests {
    private func service(_ groups: [(String, [String])]) throws -> Service {
        var blueprint = Blueprint()
        return try blueprint.service("s", groups, listeners: ["l"])
    }

    private func roles(_ service: Service, now: Instant = .at(100)) -> [GroupRole] {
        service.snapshots(now: now).map(\.role)
    }

    @Test("the first group with a usable channel is active, later ones stand by")
    func roles() throws {
        let service = try service([("g", ["a*1"]), ("h", ["b"]), ("i", ["c"])])
        #expect(roles(service) == [.active, .standby, .standby])
        service.channels[0].turn(.off, by: "t", now: .at(100))
        #expect(roles(service) == [.exhausted, .active, .standby])
        service.channels[2].turn(.draining, by: "t", now: .at(100))
        #expect(roles(service) == [.exhausted, .active, .exhausted])
        service.channels[0].turn(.on, by: "t", now: .at(100))
        // A full group is still the active one; the next takes what it cannot.
        #expect(service.choose(excluding: [], now: .at(100))?.name == "a")
        #expect(service.choose(excluding: [], now: .at(100))?.name == "b")
        #expect(roles(service) == [.active, .spill, .exhausted])
        #expect(roles(service, now: .at(111)) == [.active, .standby, .exhausted])
    }

    @Test("a group counts what is usable, and its slots while all are bounded")
    func group() throws {
        let service = try service([("g", ["a*2", "b*3", "c*4"]), ("h", ["d", "e*1"])])
        service.channels[2].turn(.off, by: "t", now: .at(100))
        _ = service.choose(excluding: [], now: .at(100))
        let snapshots = service.snapshots(now: .at(100))
        #expect(snapshots.map(\.usable) == [2, 2])
        #expect(snapshots.map(\.channels) == [3, 2])
        #expect(snapshots.map(\.slots) == [5, nil])
        #expect(snapshots.map(\.current) == [1, 0])
        #expect(snapshots.map(\.balance) == ["round-robin", "round-robin"])
        #expect(snapshots.map(\.path) == ["s/g", "s/h"])
    }

    @Test("a channel tells its state, since when, why, by whom, and when it returns")
    func channel() throws {
        let channel = try Channel.make("a", weight: 3, maxc: 7, serial: 5, label: "b")
        channel.counters[0].addSession()
        channel.counters[0].addBytes(10, from: .client)
        channel.counters[0].addBytes(20, from: .channel)
        channel.counters[0].addFailure()
        _ = channel.failed(why: "refused", grace: .seconds(60), now: .at(200))
        let snapshot = channel.snapshot(connects: nil, now: .at(201))
        #expect(
            snapshot.row == [
                "s/g/a", "5", "grace", "1000", "refused", "127.0.0.1:10005", "3", "7", "0", "1",
                "10", "20", "1", "-", "-", "59000", "b", "-", "-", "-", "-",
            ])
        channel.turn(.off, by: "0:ctl[7]", now: .at(202))
        let off = channel.snapshot(connects: nil, now: .at(203))
        #expect(off.state == .off)
        #expect(off.by == "0:ctl[7]")
        #expect(off.retryMilliseconds == nil)
    }

    @Test("connect times are of this minute and the one before")
    func connectTimes() throws {
        var times = ConnectTimes(now: .at(60))
        times.record(nanoseconds: 1_000_000, now: .at(61))
        #expect(times.recent(now: .at(61)).totalCount == 1)
        times.record(nanoseconds: 3_000_000, now: .at(121))
        #expect(times.recent(now: .at(121)).totalCount == 2)
        #expect(times.recent(now: .at(181)).totalCount == 1)
        #expect(times.recent(now: .at(241)).totalCount == 0)
        #expect(times.recent(now: .at(100_000)).totalCount == 0)
        let channel = try Channel.make()
        let p99 = try #require(
            channel.snapshot(
                connects: ConnectPercentiles(times.recent(now: .at(121))), now: .at(121)
            ).connectP99Microseconds)
        #expect((2950...3050).contains(p99))
    }

    @Test("percentiles are worked out again when somebody has connected, or a minute is over")
    func percentiles() throws {
        let memory = PercentileCache()
        var times = ConnectTimes(now: .at(60))
        var worked = 0
        func p99(at second: Int) -> UInt64? {
            memory.percentiles(of: [times.stamp(now: .at(second))]) {
                worked += 1
                let recent = times.recent(now: .at(second))
                return recent.totalCount > 0 ? ConnectPercentiles(recent) : nil
            }?.p99
        }
        func expect(_ range: ClosedRange<UInt64>?, at second: Int, _ count: Int) {
            let found = p99(at: second)
            #expect(range.map { $0.contains(found ?? 0) } ?? (found == nil), "at \(second)")
            #expect(worked == count, "at \(second)")
        }
        times.record(nanoseconds: 1_000_000, now: .at(61))
        expect(980...1020, at: 61, 1)
        expect(980...1020, at: 119, 1)
        times.record(nanoseconds: 3_000_000, now: .at(119))
        expect(2950...3050, at: 119, 2)
        expect(2950...3050, at: 121, 3)
        expect(2950...3050, at: 179, 3)
        expect(nil, at: 180, 4)
        expect(nil, at: 10_000, 4)
        times.record(nanoseconds: 5_000_000, now: .at(10_000))
        expect(4900...5100, at: 10_000, 5)
    }

    @Test("a listener tells whether it accepts")
    func listener() throws {
        let listener = try service([("g", ["a"])]).listeners[0]
        #expect(listener.snapshot.state == .open)
        listener.setOpen(false)
        #expect(listener.snapshot.state == .refusing)
        #expect(listener.snapshot.whenEmpty == "close")
        #expect(listener.snapshot.path == "s/l")
    }

    @Test(
        "a session's phase in a word",
        arguments: [
            (.holding, .hold), (.connecting, .connect), (.relaying, .relay),
            (.halfClosed(.client), .half), (.halfClosed(.channel), .half),
        ] as [(SessionLife.Phase, SessionSnapshot.Phase)])
    func session(phase: SessionLife.Phase, word: SessionSnapshot.Phase) throws {
        let listener = try service([("g", ["a"])]).listeners[0]
        var record = SessionRecord.sample(7, of: listener, worker: 1)
        record.phase = phase
        record.retries = 3
        record.age = 5_999_999
        record.inward = FlowRecord(
            byteCount: 1, idle: 1_000_000, isSplicing: true, isBlocked: false, isEnded: false)
        record.outward = FlowRecord(
            byteCount: 2, idle: 3_000_000, isSplicing: false, isBlocked: false, isEnded: false)
        #expect(
            record.row.prefix(13) == [
                "7", "127.0.0.1:5", "s/l", "-", word.rawValue, "5", "1", "1", "2", "1", "splice",
                "copy", "3",
            ])
    }
}
