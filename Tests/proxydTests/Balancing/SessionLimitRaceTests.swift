import Glibc
import Synchronization
import Testing

@testable import proxyd

@Suite("the last free slot", .timeLimit(.untilHung))
struct SessionLimitRaceTests {
    private final class Round: Sendable {
        let limit = SessionLimit(limit: 1)
        /// The round that has begun, and the one that the other thread has ended.
        let begun = Atomic<Int>(0)
        let ended = Atomic<Int>(0)
        let otherHasIt = Atomic<Bool>(false)
    }

    @Test("of two workers that want the slot which a third has given back, one gets it")
    func oneGetsIt() throws {
        let round = Round()
        let rounds = 2000
        #expect(round.limit.acquire())
        let other = try Thread(name: "other") {
            for number in 1...rounds {
                while round.begun.load(ordering: .acquiring) < number { _ = sched_yield() }
                round.otherHasIt.store(round.limit.acquire(), ordering: .relaxed)
                round.ended.store(number, ordering: .releasing)
            }
        }
        var lost = 0
        for number in 1...rounds {
            round.begun.store(number, ordering: .releasing)
            round.limit.release()
            let haveIt = round.limit.acquire()
            while round.ended.load(ordering: .acquiring) < number { _ = sched_yield() }
            let otherHasIt = round.otherHasIt.load(ordering: .relaxed)
            if haveIt == otherHasIt { lost += 1 }
            // One of them holds it, and the next round begins with that.
            if !haveIt, !otherHasIt { _ = round.limit.acquire() }
        }
        other.join()
        #expect(lost == 0, "both were refused, or both let in")
        #expect(round.limit.current == 1)
    }
}
