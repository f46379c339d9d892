import Testing

@testable import proxyd

@Suite("Deadline queue")
struct DeadlineQueueTests {
    private func popAll(_ queue: inout DeadlineQueue, now: Instant) -> [Int] {
        var slots: [Int] = []
        while let slot = queue.popExpired(now: now) { slots.append(slot) }
        return slots
    }

    @Test("a deadline comes at its time, not a nanosecond before", arguments: [0, 1, 30])
    func onTime(seconds: Int) {
        let due = Instant.at(seconds + 1)
        var queue = DeadlineQueue()
        queue.schedule(slot: 7, at: due)
        #expect(queue.next == due)
        #expect(queue.popExpired(now: Instant(nanoseconds: due.nanoseconds - 1)) == nil)
        #expect(queue.popExpired(now: due) == 7)
        #expect(queue.popExpired(now: due) == nil)
        #expect(queue.next == nil)
    }

    @Test("the earliest comes first, whatever the order they were set in")
    func order() {
        var queue = DeadlineQueue()
        for second in [5, 3, 9, 1, 7, 2, 8, 4, 6] { queue.schedule(slot: second, at: .at(second)) }
        #expect(popAll(&queue, now: .at(6)) == [1, 2, 3, 4, 5, 6])
        #expect(queue.count == 3)
    }

    @Test("setting a deadline again moves it, later or sooner", arguments: [1, 10])
    func move(seconds: Int) {
        var queue = DeadlineQueue()
        queue.schedule(slot: 0, at: .at(5))
        queue.schedule(slot: 1, at: .at(6))
        queue.schedule(slot: 0, at: .at(seconds))
        #expect(queue.count == 2)
        #expect(popAll(&queue, now: .at(20)) == (seconds == 1 ? [0, 1] : [1, 0]))
    }

    @Test("hasten makes a deadline sooner, never later, and sets one that is missing")
    func hasten() {
        var queue = DeadlineQueue()
        queue.hasten(slot: 3, to: .at(5))
        #expect(queue.next == .at(5))
        queue.hasten(slot: 3, to: .at(6))
        #expect(queue.next == .at(5))
        queue.hasten(slot: 3, to: .at(4))
        #expect(queue.next == .at(4))
        #expect(queue.count == 1)
    }

    @Test("a cancelled deadline never comes, and cancelling nothing does nothing")
    func cancel() {
        var queue = DeadlineQueue()
        queue.cancel(slot: 4)
        for slot in 0..<5 { queue.schedule(slot: slot, at: .at(slot)) }
        queue.cancel(slot: 0)
        queue.cancel(slot: 3)
        queue.cancel(slot: 3)
        queue.cancel(slot: 99)
        #expect(popAll(&queue, now: .at(9)) == [1, 2, 4])
    }

    @Test(
        "agrees with a plain list through 4,000 random operations",
        arguments: 1...5 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = DeadlineQueue()
        var plain: [Int: Instant] = [:]
        var now = Instant.at(1)
        for _ in 0..<4000 {
            let slot = Int.random(in: 0..<40, using: &generator)
            let due = Instant(nanoseconds: now.nanoseconds + .random(in: 0...50, using: &generator))
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                queue.schedule(slot: slot, at: due)
                plain[slot] = due
            case 4..<6:
                queue.hasten(slot: slot, to: due)
                plain[slot] = min(plain[slot] ?? due, due)
            case 6..<8:
                queue.cancel(slot: slot)
                plain[slot] = nil
            default:
                now.nanoseconds += .random(in: 0...10, using: &generator)
                var before = Instant.zero
                while let popped = queue.popExpired(now: now) {
                    guard let due = plain.removeValue(forKey: popped) else {
                        Issue.record("slot \(popped) had no deadline")
                        return
                    }
                    #expect(due <= now && due >= before)
                    before = due
                }
                #expect(plain.values.allSatisfy { $0 > now })
            }
            #expect(queue.count == plain.count)
            #expect(queue.next == plain.values.min())
        }
    }
}
