import Shared
import Testing

@testable import proxyd

@Suite("Looking at running sessions", .timeLimit(.untilHung))
struct SessionScanTests {
    /// A stand with clients that are connected through it, and their channel's ends.
    private func stand(
        _ count: Int, _ settings: WorkerStand.Settings = .init()
    ) throws -> (stand: WorkerStand, pairs: [(client: TestSocket, server: TestSocket)]) {
        let door = try TestDoor()
        var settings = settings
        settings.maxSessions = 2000
        let stand = try WorkerStand([door.endpoint], settings)
        let pairs = try (0..<count).map { _ in
            (client: try stand.connect(), server: try door.accept())
        }
        try Wait.until("all to relay") {
            try stand.sessions().count { $0.phase == .relaying } == count
        }
        return (stand, pairs)
    }

    private func filter(_ text: String) throws -> Filter {
        try Filter(
            words: text.split(separator: " ").map(String.init), fields: SessionField.names,
            aliases: SessionField.aliases)
    }

    @Test("however many ask at once, sessions get their turn after each answer")
    func questionsInTurn() throws {
        let (stand, pairs) = try stand(1)
        let before = try stand.report().turns
        for number in 0..<8 {
            stand.share.workers[0].mailbox.post(
                .scan(SessionScan(asOf: .now), from: 0, question: UInt64(5000 + number)))
        }
        for number in 0..<8 {
            try stand.notice("answer \(number)") { notice in
                if case .answer(_, UInt64(5000 + number)) = notice { () } else { nil }
            }
        }
        #expect(try stand.report().turns >= before + 8)
        _ = pairs
    }

    @Test("tells which way bytes moved, and what the kernel knows of both connections")
    func facts() throws {
        let (stand, pairs) = try stand(1)
        try pairs[0].client.send("question")
        #expect(try pairs[0].server.receiveText(8) == "question")
        let scan = SessionScan(asOf: .now, wantsLegs: true)
        let record = try #require(try stand.scan(scan).records.first)
        #expect(record.lastMoved == .client)
        #expect(record.inward.byteCount == 8)
        let legs = try #require(record.legs)
        #expect(legs.client?.state == .established)
        #expect(legs.client?.received == 8)
        #expect(legs.channel?.sent == 8)
        #expect((legs.channel?.rtt ?? 0) > 0)
        #expect(legs.channel?.retransmitted == 0)
        guard
            case .session(let detail?) = try stand.ask({ .showSession(id: record.id, question: $0) }
            )
        else { throw Missing("a session") }
        #expect(detail.clientLocal == stand.endpoint)
        #expect(detail.channelPeer == stand.channels[0].endpoint)
        guard case .ip(_, let port) = detail.channelLocal else { throw Missing("an address") }
        #expect(legs.channelPort == port)
        try pairs[0].server.send("an answer")
        #expect(try pairs[0].client.receiveText(9) == "an answer")
        #expect(try stand.sessions().first?.lastMoved == .channel)
    }

    @Test("a client that does not read is to blame, and so is a channel")
    func blame() throws {
        let (stand, pairs) = try stand(2)
        let plenty = [UInt8](repeating: 7, count: 65_536)
        func blame(_ index: Int) throws -> Blame? {
            let records = try stand.scan(SessionScan(asOf: .now, wantsLegs: true)).records
            return records.sorted { $0.id < $1.id }.map { Blame($0) }[index]
        }
        try Wait.until("the first client to be slow") {
            _ = try pairs[0].server.sendSome(plenty[...])
            return try blame(0) == .clientSlow
        }
        try Wait.until("the second channel to be slow") {
            _ = try pairs[1].client.sendSome(plenty[...])
            return try blame(1) == .channelSlow
        }
    }

    @Test("ends those that match, and no others")
    func cut() throws {
        let (stand, pairs) = try stand(6)
        try pairs[2].client.send("x")
        #expect(try pairs[2].server.receiveText(1) == "x")
        var scan = SessionScan(filter: try filter("in = 0"), limit: 0, asOf: .now)
        scan.cuts = true
        let found = try stand.scan(scan)
        #expect(found.matched == 5)
        #expect(found.total == 6)
        #expect(found.records.isEmpty)
        let (_, reason) = try stand.nextEnd()
        #expect("\(reason)" == "KD cut")
        #expect(try stand.sessions().count == 1)
        try pairs[2].client.send("y")
        #expect(try pairs[2].server.receiveText(1) == "y")
    }

    @Test("what began after the question is not looked at")
    func later() throws {
        let (stand, pairs) = try stand(2)
        #expect(try stand.scan(SessionScan(asOf: .at(0))).total == 0)
        #expect(pairs.count == 2)
    }

    @Test("a thousand sessions take many turns, each counted once")
    func slices() throws {
        let (stand, pairs) = try stand(400)
        let scan = SessionScan(
            order: SessionScan.Order(field: .id), limit: 3, asOf: .now, wantsLegs: true)
        guard case .sessions(let slice) = try stand.ask({ .scan(scan, from: 0, question: $0) })
        else { throw Missing("a slice") }
        #expect(slice.total > 0)
        let found = try stand.scan(scan)
        #expect(found.total == pairs.count)
        #expect(found.matched == pairs.count)
    }

    @Test("a session that has ended leaves no facts")
    func ended() throws {
        let (stand, pairs) = try stand(1)
        let record = try #require(try stand.sessions().first)
        let places = [
            SessionPlace(id: record.id, slot: record.slot),
            SessionPlace(id: record.id + 99, slot: record.slot),
            SessionPlace(id: record.id, slot: 70_000),
        ]
        guard case .legs(let legs) = try stand.ask({ .examine(places[...], question: $0) }) else {
            throw Missing("facts")
        }
        #expect(legs.map { $0 == nil } == [false, true, true])
        #expect(pairs.count == 1)
    }
}
