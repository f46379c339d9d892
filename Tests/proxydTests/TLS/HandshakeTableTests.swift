import Shared
import Testing

@testable import proxyd

@Suite("Places for handshakes")
struct HandshakeTableTests {
    private func holder(_ number: Int) -> HandshakeTable.Holder {
        HandshakeTable.Holder(worker: number, token: Token(.client))
    }

    @Test("the slowest of all gives way, and one that has ended has its place no more")
    func slowest() {
        let table = HandshakeTable(most: 3)
        var places = (0..<3).map {
            table.enter(UInt64($0), holder($0)).place as HandshakeTable.Place?
        }
        places[0] = nil
        #expect(table.count == 2)
        let next = table.enter(7, holder(3))
        #expect(next.evicted == nil)
        let last = table.enter(8, holder(4))
        #expect(last.evicted == holder(1))
        #expect(table.count == 3)
        withExtendedLifetime((places, next, last)) {}
    }

    @Test("a source with more than its share loses its own first, so it cannot push out the others")
    func share() {
        let table = HandshakeTable(most: 8)
        let others = (0..<5).map { table.enter(UInt64($0), holder($0)) }
        let greedy = (0..<3).map { table.enter(99, holder(100 + $0)) }
        #expect(table.enter(99, holder(200)).evicted == holder(100))
        let newcomer = table.enter(55, holder(300))
        #expect(newcomer.evicted == nil)
        #expect(table.enter(56, holder(301)).evicted == holder(0))
        withExtendedLifetime((others, greedy, newcomer)) {}
    }

    @Test("a place costs as little with many as with few")
    func cost() {
        let table = HandshakeTable(most: 4096)
        var places: [HandshakeTable.Place?] = []
        let start = ContinuousClock.now
        for number in 0..<50_000 {
            let place = table.enter(number.isMultiple(of: 2) ? 1 : UInt64(number), holder(number))
            places.append(place.place)
            if number >= 4096 { places[number - 4096] = nil }
        }
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(table.count == 4096)
    }
}
