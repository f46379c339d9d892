import Testing

@testable import proxyd

@Suite("Waiting line")
struct WaitingLineTests {
    private func waiter(_ number: Int) -> WaitQueue.Waiter {
        WaitQueue.Waiter(worker: number % 2, token: Token(.client, slot: number))
    }

    @Test("first come, first served; whoever is called stays in front until it leaves")
    func order() {
        let line = WaitQueue(limit: 10)
        for number in 0..<3 { #expect(line.join(waiter(number))) }
        for number in 0..<3 {
            #expect(line.first == waiter(number))
            #expect(line.first == waiter(number))
            line.leave(waiter(number))
        }
        #expect(line.first == nil)
    }

    @Test("it has an end, and room again when somebody leaves")
    func limit() {
        let line = WaitQueue(limit: 2)
        #expect(line.join(waiter(0)))
        #expect(line.join(waiter(1)))
        #expect(!line.join(waiter(2)))
        line.leave(waiter(0))
        line.leave(waiter(7))
        #expect(line.join(waiter(2)))
        #expect(line.first == waiter(1))
    }
}
