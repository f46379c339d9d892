import Shared
import Testing

@testable import proxytop

@Suite("what an act would do")
struct ConsequenceTests {
    struct Failed: Error {}

    static func look(
        _ verb: Act.Verb, _ subject: Subject, _ change: (inout Story) -> Void = { _ in }
    ) throws -> Consequence {
        var story = Story()
        change(&story)
        return try look(verb, [subject], story)
    }

    static func look(
        _ verb: Act.Verb, _ subjects: [Subject], _ story: Story
    ) throws -> Consequence {
        let targets = try subjects.map { try #require(Act.Target($0, in: story.snapshot)) }
        let act = Act(verb: verb, targets: targets, generation: story.generation)
        var plan = Plan()
        let cuts = act.commands.contains { $0.last == "cut" }
        guard case .ok(let attributes, let lines) = story.plan(act.commands, cuts: cuts) else {
            throw Failed()
        }
        plan.add(attributes, lines)
        return Consequence(act, plan, in: story.snapshot)
    }

    @Test("the preview of the design adds up")
    func design() throws {
        let consequence = try Self.look(.cut, .channel(serial: 3))
        #expect(consequence.cut == 400)
        #expect(consequence.stranded == 3)
        #expect(consequence.tier == .type)
        #expect(consequence.groups.map(\.after.description) == ["800/800", "400/400", "50/50"])
        #expect(consequence.groups.map(\.now.description) == ["1192/1200", "61/400", "0/50"])
        #expect(consequence.groups[0].usableAfter == 2)
    }

    @Test(
        "how much must be typed",
        arguments: [
            // Idle and not usable: a look is enough.
            (Act.Verb.cut, Subject.channel(serial: 4), Consequence.Tier.look),
            (.drain, .channel(serial: 1), .look),
            // 31 connections would be cut.
            (.cut, .channel(serial: 5), .type), (.drain, .channel(serial: 5), .look),
            // The last usable channel of its group.
            (.drain, .channel(serial: 9), .type), (.cut, .channel(serial: 9), .type),
            (.drain, .channel(serial: 7), .type), (.drain, .group(serial: 101), .type),
            (.cut, .group(serial: 102), .type), (.drain, .service("mail"), .type),
        ])
    func tiers(verb: Act.Verb, subject: Subject, tier: Consequence.Tier) throws {
        #expect(try Self.look(verb, subject).tier == tier)
    }

    @Test(
        "ten connections are cut after a look, eleven are typed", arguments: [10, 11] as [UInt64])
    func limit(current: UInt64) throws {
        let consequence = try Self.look(.cut, .channel(serial: 5)) { story in
            story.channels[4].current = current
        }
        #expect(consequence.tier == (current > 10 ? .type : .look))
    }

    @Test("without a limit there is always room")
    func unlimited() throws {
        let consequence = try Self.look(.cut, .channel(serial: 3)) { story in
            story.channels[6].maxc = nil
        }
        #expect(consequence.stranded == 0)
        #expect(!consequence.closesLastRoom)
        #expect(consequence.groups[1].after.total == nil)
    }

    @Test("a drain that leaves no room for new clients must be typed")
    func lastRoom() throws {
        let consequence = try Self.look(.drain, .channel(serial: 1)) { story in
            story.channels.removeAll { $0.serial >= 7 }
            story.groups.removeLast(2)
        }
        #expect(consequence.closesLastRoom)
        #expect(consequence.tier == .type)
    }

    @Test("a few sessions more are no other outcome, a channel less is")
    func differs() throws {
        let base = try Self.look(.cut, .channel(serial: 3))
        let jitter = try Self.look(.cut, .channel(serial: 3)) { $0.channels[2].current = 399 }
        let worse = try Self.look(.cut, .channel(serial: 3)) { $0.channels[1].state = .down }
        #expect(!jitter.differs(from: base))
        #expect(worse.differs(from: base))
    }
}
