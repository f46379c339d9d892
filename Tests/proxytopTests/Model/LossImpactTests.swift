import Shared
import Testing

@testable import proxytop

@Suite("if one more channel is lost")
struct ReserveTests {
    private func reserve(
        _ group: Int, _ change: (inout Story) -> Void = { _ in }
    ) throws -> LossImpact {
        var story = Story()
        change(&story)
        let service = try #require(story.snapshot.services.first)
        return LossImpact.of(service.groups[group], in: service)
    }

    @Test("the column of the design adds up")
    func design() throws {
        // 400 clients of 0.1 meet 8 free slots in G0, 339 in G1 and 50 in G2.
        #expect(try reserve(0) == .refuses(3))
        // 61 of 1.0 meet 8 in G0 and 50 in G2.
        #expect(try reserve(1) == .refuses(3))
        #expect(try reserve(2) == .spills(to: "G0"))
    }

    @Test("room in the own group, in a later one, in none")
    func rooms() throws {
        #expect(try reserve(0) { $0.channels[0].maxc = nil } == .held)
        #expect(try reserve(0) { $0.channels[6].maxc = nil } == .spills(to: "G1"))
        #expect(try reserve(1) { $0.channels[6].state = .down } == .none)
        let alone = try reserve(0) { story in
            story.channels = [story.channels[0]]
            story.channels[0].current = 0
            story.groups = [story.groups[0]]
        }
        #expect(alone == .closes)
    }
}
