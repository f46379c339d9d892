import Synchronization
import Testing

@testable import proxyd

@Suite("Published values", .timeLimit(.untilHung))
struct PublishedTests {
    private final class Number: Sendable {
        let value: Int
        /// Always the same as `value`, so that a value seen half is noticed.
        let twin: Int
        init(_ value: Int) { (self.value, twin) = (value, value) }
    }

    @Test("a reader sees what was published last, and so does a look without a number")
    func latest() {
        let published = Published(Number(1), readerCount: 1)
        for next in 2...4 {
            #expect(published.value(for: 0).value == next - 1)
            published.publish(Number(next))
            #expect(published.value(for: 0).value == next)
            #expect(published.value.value == next)
        }
    }

    @Test("a number that no reader has reads under the lock")
    func strangers() {
        let published = Published(Number(1), readerCount: 0)
        #expect(published.value(for: 3).value == 1)
        published.publish(Number(2))
        #expect(published.value(for: 3).value == 2)
        #expect(published.value(for: -1).value == 2)
    }

    @Test("what is replaced lives until its reader has looked again, and no longer")
    func lifetime() {
        let published = Published(Number(1), readerCount: 1)
        weak let first = published.value(for: 0)
        published.publish(Number(2))
        #expect(first != nil)
        _ = published.value(for: 0)
        #expect(first == nil)
    }

    @Test("readers on threads of their own see values whole and in order, and in the end the last")
    func threads() throws {
        let published = Published(Number(0), readerCount: 2)
        let last = 20_000
        let failures = Counter()
        let threads = try (0..<2).map { reader in
            try Thread(name: "reader-\(reader)") {
                var seen = 0
                while seen < last {
                    let number = published.value(for: reader)
                    if number.value < seen || number.value != number.twin {
                        failures.count.wrappingAdd(1, ordering: .relaxed)
                    }
                    seen = number.value
                }
            }
        }
        for value in 1...last { published.publish(Number(value)) }
        for thread in threads { thread.join() }
        #expect(failures.count.load(ordering: .relaxed) == 0)
    }

    private final class Counter: Sendable {
        let count = Atomic<Int>(0)
    }

    #if DEBUG
        @Test("a reader takes the lock once per publication")
        func locks() {
            let published = Published(Number(1), readerCount: 1)
            let before = LockCount.ofThisThread
            for _ in 0..<10 { _ = published.value(for: 0) }
            #expect(LockCount.ofThisThread == before + 1)
        }
    #endif
}
