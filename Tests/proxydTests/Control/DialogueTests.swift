import Testing

@testable import proxyd

@Suite("dialogues that nobody would have", .timeLimit(.untilHung))
struct DialogueTests {
    @Test("the daemon answers, whatever was said before", arguments: DialogueChecks.seeds.indices)
    func seeds(index: Int) throws {
        for role in UInt8(ascii: "0")...UInt8(ascii: "2") {
            let bytes = [role] + DialogueChecks.seeds[index].dropFirst()
            #expect(try DialogueChecks.violation(by: bytes) == nil)
        }
    }

    @Test("thousands of mutations of them break nothing", arguments: 1...4 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) throws {
        try checkMutations(
            of: DialogueChecks.seeds, seed: seed, count: 500, areTexts: true,
            DialogueChecks.violation)
    }
}
