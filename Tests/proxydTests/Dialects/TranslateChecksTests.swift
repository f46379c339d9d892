import Testing

@testable import proxyd

@Suite("translations of anything", .timeLimit(.untilHung))
struct TranslateChecksTests {
    @Test("each format is read", arguments: TranslateChecks.seeds)
    func seeds(bytes: [UInt8]) {
        #expect(TranslateChecks.violation(by: bytes) == nil)
    }

    @Test("thousands of mutations of them break nothing", arguments: 1...4 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) {
        checkMutations(
            of: TranslateChecks.seeds, seed: seed, count: 1000, areTexts: true,
            TranslateChecks.violation)
    }
}
