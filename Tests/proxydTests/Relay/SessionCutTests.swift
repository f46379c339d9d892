import Shared
import Testing

@testable import proxyd

@Suite("many sessions that end at once", .timeLimit(.untilHung))
struct SessionCutTests {
    @Test("many sessions of a channel are cut a few per turn, with other commands in between")
    func cutMany() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint])
        let count = 3 * Worker.endsPerTurn
        let ends = try (0..<count).map { _ in (try stand.connect(), try door.accept()) }
        try stand.awaitRelaying(count)
        let serials: Set<UInt64> = [stand.channels[0].serial]
        stand.post(.cutChannels(serials: serials, question: 4711))
        let during = try stand.report()
        #expect(during.sessions >= count - 2 * Worker.endsPerTurn)
        let cut = try stand.notice("the end of the cut") { event in
            if case .answer(.cut(let count), 4711) = event { count } else { nil as Int? }
        }
        #expect(cut == count)
        #expect(try stand.report().turns >= during.turns + 2)
        #expect(stand.channels[0].current == 0)
        #expect(ends.count == count)
    }

    @Test("sessions whose time is over together end a few per turn, and all of them")
    func deadlines() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint], .init(timeouts: Timeouts(idle: .milliseconds(300))))
        let count = 3 * Worker.endsPerTurn
        let ends = try (0..<count).map { _ in (try stand.connect(), try door.accept()) }
        for _ in 0..<count { #expect("\(try stand.nextEnd().reason.cause.rawValue)" == "timeout") }
        #expect(try stand.report().sessions == 0)
        #expect(ends.count == count)
    }
}
