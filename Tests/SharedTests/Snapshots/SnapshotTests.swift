import Testing

@testable import Shared

@Suite("Snapshots")
struct SnapshotTests {
    static var channel: ChannelSnapshot {
        var channel = ChannelSnapshot(
            path: "mail/0/1", serial: 7, state: .grace, address: "10.0.0.1:143")
        channel.sinceMilliseconds = 1
        channel.why = "connect: refused\tor so"
        channel.weight = 2
        channel.maxc = 400
        channel.current = 3
        channel.total = 4
        channel.inBytes = 5
        channel.outBytes = 6
        channel.failed = 8
        channel.connectP50Microseconds = 9
        channel.connectP99Microseconds = 10
        channel.retryMilliseconds = 11
        channel.label = "b"
        channel.by = "0:proxyd[1]"
        channel.isElected = true
        channel.probe = "refused"
        channel.probeMilliseconds = 12
        return channel
    }
    static let group = GroupSnapshot(
        path: "mail/0", serial: 1, role: .spill, balance: "round-robin", usable: 2, channels: 3,
        current: 4, slots: 5, total: 6, spilled: 7, elected: "mail/0/1")
    static let listener = ListenerSnapshot(
        path: "mail/0", serial: 1, state: .refusing, address: "0.0.0.0:143", whenEmpty: "hold",
        current: 2, total: 3, inBytes: 4, outBytes: 5, refused: 6)
    static var session: SessionSnapshot {
        var session = bareSession
        session.inIdleMilliseconds = 8
        session.outIdleMilliseconds = 9
        session.inRate = 10
        session.outRate = 11
        session.last = "in"
        session.blame = "client-loss"
        session.stuck = "blocked"
        session.channelPort = 12
        session.kernel.clientRTT = 13
        session.kernel.channelRTT = 14
        session.kernel.rtt = 27
        session.kernel.clientRetransmitted = 15
        session.kernel.channelRetransmitted = 16
        session.kernel.clientUnacknowledged = 17
        session.kernel.channelUnacknowledged = 18
        session.kernel.clientUnsent = 19
        session.kernel.channelUnsent = 20
        session.kernel.clientWindowPercent = 21
        session.kernel.channelWindowPercent = 22
        return session
    }
    static let bareSession = SessionSnapshot(
        id: 1, client: "10.0.0.7:51022", listener: "mail/0", channel: "mail/0/1", phase: .half,
        ageMilliseconds: 2, idleMilliseconds: 3, inBytes: 4, outBytes: 5, worker: 6, inMode: "copy",
        outMode: "splice", retries: 7)

    /// What a reader of another version makes of it: columns in another order, and one too many.
    private func check<Row: Snapshot>(_ snapshot: Row) {
        #expect(snapshot.row.count == Row.columns.count)
        #expect(Row.all(in: Row.table([snapshot])) == [snapshot])
        let lines = Row.table([snapshot]).lines
        #expect(Table(lines: lines).map { Row.all(in: $0) } == [snapshot])
        let columns = ["novel"] + Row.columns.reversed()
        let fields = Fields(columns: columns, values: ["x"] + snapshot.row.reversed())
        #expect(Row(fields) == snapshot)
        #expect(Row(Fields(columns: [], values: [])) == nil)
        #expect(Set(snapshot.row).count == snapshot.row.count, "every value is told apart")
    }

    @Test("every row is read as it was written")
    func roundTrips() {
        check(Self.channel)
        check(Self.group)
        check(Self.listener)
        check(Self.session)
    }

    @Test("what does not apply is nil")
    func absent() {
        let channel = ChannelSnapshot(path: "0", serial: 1, state: .up, address: "x:1")
        #expect(ChannelSnapshot.all(in: ChannelSnapshot.table([channel])) == [channel])
        var group = Self.group
        group.slots = nil
        #expect(GroupSnapshot.all(in: GroupSnapshot.table([group])) == [group])
        var session = Self.bareSession
        session.channel = nil
        #expect(SessionSnapshot.all(in: SessionSnapshot.table([session])) == [session])
    }

    @Test("an older daemon tells less, and unknown words are skipped")
    func versions() {
        let old = Fields(columns: ["path", "serial", "state"], values: ["0/0", "3", "up"])
        let channel = ChannelSnapshot(old)
        #expect(channel?.address == "?")
        #expect(channel?.weight == 1)
        let novel = Fields(columns: ["path", "serial", "state"], values: ["0/0", "3", "asleep"])
        #expect(ChannelSnapshot(novel) == nil)
    }

    @Test("full is usable, grace is not")
    func usable() {
        #expect(ChannelState.allCases.filter(\.isUsable) == [.up, .full])
    }
}
