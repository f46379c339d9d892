import Shared
import Testing

@testable import proxyd

extension Instant {
    fileprivate static func milliseconds(_ count: UInt64) -> Instant {
        Instant(nanoseconds: count * 1_000_000)
    }
}

@Suite("What a user may cost the supervisor")
struct ControlBudgetTests {
    private let viewer = Peer(uid: 7, pid: 1, program: "x", role: .viewer)
    private let admin = Peer(uid: 0, pid: 1, program: "x", role: .admin)

    @Test("above the burst a request waits until a fifth of the time has paid for it")
    func share() {
        var budget = ControlBudget()
        budget.spend(40_000_000, by: viewer, now: .milliseconds(1000))
        #expect(budget.due(for: viewer, now: .milliseconds(1000)) == nil)
        budget.spend(30_000_000, by: viewer, now: .milliseconds(1000))
        #expect(budget.due(for: viewer, now: .milliseconds(1000)) == .milliseconds(1100))
        #expect(budget.due(for: viewer, now: .milliseconds(1050)) == .milliseconds(1100))
        #expect(budget.due(for: viewer, now: .milliseconds(1100)) == nil)
        // Half a second pays for all of it.
        budget.spend(50_000_000, by: viewer, now: .milliseconds(1500))
        #expect(budget.due(for: viewer, now: .milliseconds(1500)) == nil)
    }

    @Test("another user, and an admin, do not wait")
    func others() {
        var budget = ControlBudget()
        budget.spend(1_000_000_000, by: viewer, now: .milliseconds(1000))
        budget.spend(1_000_000_000, by: admin, now: .milliseconds(1000))
        #expect(budget.due(for: viewer, now: .milliseconds(1000)) != nil)
        #expect(budget.due(for: admin, now: .milliseconds(1000)) == nil)
        let other = Peer(uid: 8, pid: 1, program: "x", role: .operator)
        #expect(budget.due(for: other, now: .milliseconds(1000)) == nil)
    }

    @Test("a watched reply is shared for less than the shortest interval")
    func shared() {
        var replies = SharedReplies()
        replies.keep([1, 2], for: ["metrics"], now: .milliseconds(1000))
        #expect(replies.reply(to: ["metrics"], now: .milliseconds(1040)) == [1, 2])
        #expect(replies.reply(to: ["metrics"], now: .milliseconds(1060)) == nil)
        #expect(replies.reply(to: ["metrics"], now: .milliseconds(900)) == nil)
        #expect(replies.reply(to: ["show", "channels"], now: .milliseconds(1000)) == nil)
    }

    @Test(
        "a reply is shared only where it says the same to all",
        arguments: [
            ("metrics", true), ("show channels", true), ("show control", false), ("hello", false),
            ("diff", false), ("help", false),
        ])
    func same(line: String, expected: Bool) {
        #expect(SharedReplies.holds(line.split(separator: " ").map(String.init)) == expected)
    }

    @Test("a reply that would take too much memory is not kept")
    func bounded() {
        var replies = SharedReplies()
        let half = [UInt8](repeating: 0, count: SharedReplies.mostBytes / 2 + 1)
        replies.keep(half, for: ["metrics"], now: .milliseconds(1000))
        replies.keep(half, for: ["show", "channels"], now: .milliseconds(1000))
        #expect(replies.reply(to: ["metrics"], now: .milliseconds(1000)) != nil)
        #expect(replies.reply(to: ["show", "channels"], now: .milliseconds(1000)) == nil)
    }

    @Test("only replies are shared that all roles may get")
    func roles() {
        for entry in CommandTable.entries
        where SharedReplies.holds(entry.verb.split(separator: " ").map(String.init)) {
            #expect(entry.role == .viewer, "\(entry.verb)")
        }
    }
}
