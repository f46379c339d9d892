import Testing

@testable import proxyd

@Suite("Wait queue")
struct WaitQueueTests {
    private func waiter(_ number: Int) -> WaitQueue.Waiter {
        WaitQueue.Waiter(worker: number % 2, token: Token(.client, slot: number))
    }

    @Test("first come, first served; whoever is called stays in front until it leaves")
    func order() {
        let queue = WaitQueue(limit: 10)
        for number in 0..<3 { #expect(queue.enqueue(waiter(number))) }
        for number in 0..<3 {
            #expect(queue.first == waiter(number))
            #expect(queue.first == waiter(number))
            queue.remove(waiter(number))
        }
        #expect(queue.first == nil)
    }

    @Test("it has an end, and room again when somebody leaves")
    func limit() {
        let queue = WaitQueue(limit: 2)
        #expect(queue.enqueue(waiter(0)))
        #expect(queue.enqueue(waiter(1)))
        #expect(!queue.enqueue(waiter(2)))
        queue.remove(waiter(0))
        queue.remove(waiter(7))
        #expect(queue.enqueue(waiter(2)))
        #expect(queue.first == waiter(1))
    }
}
