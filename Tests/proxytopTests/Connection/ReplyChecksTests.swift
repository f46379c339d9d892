import Testing

@testable import proxytop

@Suite("answers and recordings that no daemon gives")
struct ReplyChecksTests {
    @Test("what a daemon gives is taken")
    func seeds() {
        for bytes in ReplyChecks.seeds { #expect(ReplyChecks.violation(by: bytes) == nil) }
        for bytes in RecordingChecks.seeds { #expect(RecordingChecks.violation(by: bytes) == nil) }
    }

    @Test(
        "thousands of mutations of answers break nothing", arguments: 1...3 as ClosedRange<UInt64>)
    func replies(seed: UInt64) {
        mutate(ReplyChecks.seeds, seed: seed, count: 300, ReplyChecks.violation)
    }

    @Test("so do those of recordings", arguments: 1...3 as ClosedRange<UInt64>)
    func recordings(seed: UInt64) {
        mutate(RecordingChecks.seeds, seed: seed, count: 300, RecordingChecks.violation)
    }

    /// Bytes are changed, and numbers become others: the counts of lines, serials and sizes.
    private func mutate(
        _ seeds: [[UInt8]], seed: UInt64, count: Int, _ check: ([UInt8]) -> String?
    ) {
        var generator = SeededGenerator(seed: seed)
        let numbers = ["0", "-1", "7", "9223372036854775808", "18446744073709551615", "x", ""]
        for _ in 0..<count {
            var bytes = seeds.randomElement(using: &generator) ?? []
            for _ in 0...Int.random(in: 0..<6, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = .random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(.random(in: 0...255, using: &generator), at: place)
                default:
                    let digits = bytes[place...].prefix { (0x30...0x39).contains($0) }
                    let number = numbers.randomElement(using: &generator) ?? ""
                    bytes.replaceSubrange(digits.indices, with: number.utf8)
                }
            }
            if let violation = check(bytes) {
                Issue.record("\(violation): \(bytes)")
                return
            }
        }
    }
}
