import Glibc
import Testing

@testable import proxyd

@Suite("Taps")
struct TapTests {
    private static let half = TapQueue.byteLimit / 2 - TapQueue.recordCost

    private func summary(_ records: [TapRecord]) -> [String] {
        records.map { record in
            switch record.event {
            case .began: "began"
            case .moved(_, let bytes): "\(bytes.count)"
            case .gap(let side, let count, let moves):
                "missed \(count) in \(moves) from \(side)"
            case .ended: "ended"
            case .closed: "closed"
            }
        }
    }

    private func put(_ count: Int, _ side: Side = .client, into queue: inout TapQueue) {
        queue.put(Array(repeating: 0, count: count), from: side, of: 1, at: .zero)
    }

    @Test("what finds no room is counted, in its place, until all before it has been taken")
    func full() {
        var queue = TapQueue()
        for _ in 0..<3 { put(Self.half, into: &queue) }
        // It would fit, but it would come behind a hole that is not told yet.
        put(1, into: &queue)
        put(7, .channel, into: &queue)
        #expect(!queue.hasRoom(for: 0))
        queue.record(.ended(.client), of: 1, at: .zero)
        #expect(
            summary(queue.take(bytes: 1 << 30)) == [
                "\(Self.half)", "\(Self.half)", "missed \(Self.half + 1) in 2 from client",
                "missed 7 in 1 from channel", "ended",
            ])
        #expect(queue.isEmpty)
        put(5, into: &queue)
        #expect(summary(queue.take(bytes: 1)) == ["5"])
    }

    @Test("a hole at the end is told once the rest was taken, not only when more comes")
    func hole() {
        var queue = TapQueue()
        for _ in 0..<3 { put(Self.half, into: &queue) }
        #expect(queue.take(bytes: 1).count == 1)
        #expect(!queue.hasRoom(for: 1))
        #expect(queue.take(bytes: 1).count == 1)
        #expect(!queue.isEmpty)
        #expect(summary(queue.take(bytes: 1)) == ["missed \(Self.half) in 1 from client"])
        #expect(queue.isEmpty && queue.hasRoom(for: 1))
    }

    @Test("many small moves are bounded as few large ones are")
    func small() {
        var queue = TapQueue()
        for _ in 0..<100_000 { put(1, into: &queue) }
        let taken = queue.take(bytes: .max)
        #expect(taken.count == TapQueue.byteLimit / (TapQueue.recordCost + 1))
        let missed = 100_000 - taken.count
        #expect(
            summary(queue.take(bytes: .max)) == ["missed \(missed) in \(missed) from client"])
    }

    @Test("places are claimed once each, and none of a tap that is closed")
    func places() throws {
        let tap = TapSink(number: 1, sessions: 2, notices: try Mailbox())
        #expect(tap.claim() && tap.isHungry)
        #expect(tap.claim() && !tap.isHungry)
        #expect(!tap.claim())
        tap.close()
        tap.record(.ended(.client), of: 1, at: .zero)
        #expect(tap.take(bytes: 1).isEmpty)
    }

    @Test("a closed tap keeps nothing, whoever still holds it")
    func closed() throws {
        let tap = TapSink(number: 1, sessions: 1, notices: try Mailbox())
        tap.put([1], from: .client, of: 1, at: .zero)
        tap.close()
        tap.put([2], from: .client, of: 1, at: .zero)
        #expect(tap.take(bytes: .max).isEmpty)
    }

    @Test("the reader is told once, until it has taken everything")
    func notices() throws {
        let notices = try Mailbox<WorkerEvent>()
        let tap = TapSink(number: 1, sessions: 1, notices: notices)
        tap.put([1], from: .client, of: 1, at: .zero)
        tap.put([2], from: .client, of: 1, at: .zero)
        #expect(notices.take().count == 1)
        #expect(tap.take(bytes: 1).count == 1)
        tap.put([3], from: .client, of: 1, at: .zero)
        #expect(notices.take().isEmpty)
        #expect(tap.take(bytes: 1000).count == 2)
        tap.put([4], from: .client, of: 1, at: .zero)
        #expect(notices.take().count == 1)
    }
}
