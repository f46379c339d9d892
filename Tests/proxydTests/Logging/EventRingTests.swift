import Shared
import Testing

@testable import proxyd

@Suite("Event ring")
struct EventRingTests {
    private func ring(of count: Int, capacity: Int = 4) -> EventRing {
        let ring = EventRing(capacity: capacity)
        for number in 0..<count {
            ring.append(
                Event(.info, .state, of: .daemon, line: "\(number + 1)"),
                wallMilliseconds: UInt64(number), now: .at(number))
        }
        return ring
    }

    @Test(
        "whoever reads on gets what is left, and learns how many he missed",
        arguments: [
            // told, since → missed, the events' numbers
            (0, 0, 0, []), (0, 7, 0, []), (3, 0, 0, [1, 2, 3]), (3, 2, 0, [3]), (3, 3, 0, []),
            (4, 0, 0, [1, 2, 3, 4]), (5, 0, 1, [2, 3, 4, 5]), (5, 1, 0, [2, 3, 4, 5]),
            (100, 0, 96, [97, 98, 99, 100]), (100, 95, 1, [97, 98, 99, 100]),
            (100, 98, 0, [99, 100]), (3, 9, 0, []), (3, UInt64.max, 0, []),
        ] as [(Int, UInt64, UInt64, [UInt64])])
    func since(told: Int, since: UInt64, missed: UInt64, numbers: [UInt64]) {
        let found = ring(of: told).entries(since: since)
        #expect(found.missed == missed)
        #expect(found.entries.map(\.number) == numbers)
        #expect(found.entries.map(\.event.line) == numbers.map { "\($0)" })
    }

    @Test("texts are cut by whole letters, so that the ring's memory is bounded")
    func bounded() {
        let long = String(repeating: "ü", count: 1000)
        let ring = EventRing(capacity: 1)
        ring.append(
            Event(
                .error, .failed, of: .init(kind: .trigger, name: long), from: long, to: long,
                because: long, line: long), wallMilliseconds: 0, now: .at(0))
        let event = ring.entries(since: 0).entries[0].event
        for text in [event.subject.name, event.from, event.to, event.cause, event.line] {
            #expect(text == String(repeating: "ü", count: EventRing.longestText / 2))
        }
        #expect(EventRing().mostBytes < 10_000_000)
    }
}
