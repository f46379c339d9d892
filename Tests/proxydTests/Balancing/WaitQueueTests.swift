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
        for number in 0..<3 { #expect(queue.enqueue(waiter(number), in: .anyGroup)) }
        for number in 0..<3 {
            #expect(queue.firsts == [waiter(number)])
            #expect(queue.firsts == [waiter(number)])
            queue.remove(waiter(number), from: .anyGroup)
        }
        #expect(queue.firsts.isEmpty)
    }

    @Test("it has an end, and room again when somebody leaves")
    func limit() {
        let queue = WaitQueue(limit: 2)
        #expect(queue.enqueue(waiter(0), in: .anyGroup))
        #expect(queue.enqueue(waiter(1), in: .anyGroup))
        #expect(!queue.enqueue(waiter(2), in: .service))
        queue.remove(waiter(0), from: .anyGroup)
        queue.remove(waiter(7), from: .anyGroup)
        #expect(queue.enqueue(waiter(2), in: .anyGroup))
        #expect(queue.firsts == [waiter(1)])
    }

    @Test("the first of each lane is woken, whoever came first in front")
    func lanes() {
        let queue = WaitQueue(limit: 10)
        let lanes: [WaitQueue.Lane] = [.group(1), .group(2), .group(1), .service]
        for (number, lane) in lanes.enumerated() {
            #expect(queue.enqueue(waiter(number), in: lane))
        }
        #expect(queue.firsts == [waiter(0), waiter(1), waiter(3)])
        queue.remove(waiter(1), from: .group(2))
        #expect(queue.firsts == [waiter(0), waiter(3)])
        #expect(!queue.hasWaiters { $0 == .group(2) })
        // One that waits for something else now stands behind those who wait for it already.
        queue.move(waiter(0), from: .group(1), to: .service)
        #expect(queue.firsts == [waiter(2), waiter(3)])
        #expect(queue.count == 3)
    }
}
