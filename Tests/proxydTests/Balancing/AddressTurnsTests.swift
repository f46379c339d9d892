import Shared
import Testing

@testable import proxyd

@Suite("Turns of addresses")
struct AddressTurnsTests {
    private let book = AddressBook((1...3).map { .local($0) })
    private let turns = AddressTurns()

    private func ports(_ count: Int, excluding tried: [Endpoint] = [], at now: Instant) -> Set<
        UInt16
    > {
        Set(
            (0..<count).compactMap { _ in
                guard
                    case .ip(_, let port)? = turns.next(of: book, excluding: tried, now: now)?
                        .endpoint
                else { return nil }
                return port
            })
    }

    @Test("one that has failed is passed over, for longer each time, and until it works")
    func failed() {
        let start = Instant.at(1000)
        #expect(ports(3, at: start) == [1, 2, 3])
        turns.note(.local(2), isGood: false, now: start)
        #expect(ports(6, at: start) == [1, 3])
        // Connects that were under way do not make it longer.
        turns.note(.local(2), isGood: false, now: start.advanced(by: .seconds(5)))
        let second = start.advanced(by: .seconds(30))
        #expect(ports(3, at: second) == [1, 2, 3])
        turns.note(.local(2), isGood: false, now: second)
        #expect(ports(6, at: second.advanced(by: .seconds(59))) == [1, 3])
        turns.note(.local(2), isGood: true, now: second)
        #expect(ports(3, at: second) == [1, 2, 3])
    }

    @Test("when all have failed they take turns, and none is tried twice by one session")
    func allFailed() {
        let now = Instant.at(1000)
        for port in 1...3 as ClosedRange<UInt16> {
            turns.note(.local(port), isGood: false, now: now)
        }
        #expect(ports(3, at: now) == [1, 2, 3])
        #expect(ports(6, excluding: [.local(1), .local(3)], at: now) == [2])
        turns.forget()
        #expect(ports(6, excluding: [.local(1)], at: now) == [2, 3])
    }

    @Test(
        "an address that works is taken before one that has failed, though it was tried for longer")
    func order() {
        let now = Instant.at(1000)
        turns.note(.local(1), isGood: false, now: now)
        #expect(ports(6, excluding: [.local(2)], at: now) == [3])
        #expect(ports(6, excluding: [.local(2), .local(3)], at: now) == [1])
    }
}
