import Testing

@testable import proxyd

@Suite("Waiting line")
struct WaitingLineTests {
    private func waiter(_ number: Int) -> WaitingLine.Waiter {
        WaitingLine.Waiter(worker: number % 2, token: Token(.client, slot: number))
    }

    @Test("first come, first served; who was called in vain is the first again")
    func order() {
        let line = WaitingLine(limit: 10)
        for number in 0..<3 { #expect(line.join(waiter(number))) }
        #expect(line.callNext() == waiter(0))
        line.rejoin(waiter(0))
        #expect(line.callNext() == waiter(0))
        #expect(line.callNext() == waiter(1))
        #expect(line.count == 1)
        #expect(line.callNext() == waiter(2))
        #expect(line.callNext() == nil)
    }

    @Test("it has an end, and room again when somebody leaves")
    func limit() {
        let line = WaitingLine(limit: 2)
        #expect(line.join(waiter(0)))
        #expect(line.join(waiter(1)))
        #expect(!line.join(waiter(2)))
        line.leave(waiter(0))
        line.leave(waiter(7))
        #expect(line.join(waiter(2)))
        #expect(line.callNext() == waiter(1))
    }
}
