import Shared
import Testing

@testable import proxytop

@Suite("who else is there")
struct CompanyTests {
    private static func presence(
        _ user: String, intends: [String] = [], role: String = "operator", own: Bool = false
    ) -> PresenceSnapshot {
        PresenceSnapshot(
            uid: 1001, pid: 9, user: user, program: "proxytop", role: role,
            sinceMilliseconds: 5000, intends: intends, isOwn: own)
    }

    private static func story(_ present: [PresenceSnapshot]) -> Story {
        var story = Story()
        story.present = present
        return story
    }

    @Test("a row is read as it is written")
    func row() {
        let row = Self.presence("alice", intends: ["mail/0/2", "mail/1"])
        let table = PresenceSnapshot.table([row, Self.presence("bob", own: true)])
        #expect(PresenceSnapshot.all(in: table) == [row, Self.presence("bob", own: true)])
    }

    @Test("the header counts them, in few words where there is little room, and not oneself")
    func header() {
        let three = [
            Self.presence("me", own: true), Self.presence("alice"),
            Self.presence("bob", role: "viewer"),
        ]
        #expect(
            Stage.live(columns: 120, rows: 40, story: Self.story(three)).lines[0]
                .contains("control 3 (2 rw)"))
        let narrow = Stage.live(story: Self.story(three)).lines[0]
        #expect(narrow.contains(" +2 "))
        #expect(narrow.hasSuffix("02:41:07") || narrow.contains("LIVE"))
        let alone = Stage.live(
            columns: 120, rows: 40, story: Self.story([Self.presence("me", own: true)]))
        #expect(!alone.lines[0].contains("control"))
    }

    @Test("an open preview is told to the daemon, and taken back when it is closed")
    func intends() {
        var stage = Stage.live(story: Self.story([Self.presence("me", own: true)]))
        stage.choose(3)
        stage.type("X")
        stage.pass(milliseconds: 1000)
        #expect(stage.asked.contains("intend mail/0/2"))
        #expect(stage.asked.count { $0.hasPrefix("intend") } == 1)
        stage.pass(milliseconds: 1000)
        #expect(stage.asked.count { $0.hasPrefix("intend") } == 1)
        stage.press(.escape)
        stage.pass(milliseconds: 1000)
        #expect(stage.asked.last { $0.hasPrefix("intend") } == "intend")
        stage.command("drain mail/1")
        stage.pass(milliseconds: 1000)
        #expect(stage.asked.last { $0.hasPrefix("intend") } == "intend mail/1")
    }

    @Test("a viewer has nothing to tell, and a daemon that does not know it is not asked")
    func quiet() {
        var story = Self.story([])
        story.describes = Table(columns: ["verb", "arguments", "mutates", "role", "summary"])
        var stage = Stage.live(story: story)
        stage.pass(milliseconds: 5000)
        #expect(!stage.asked.contains { $0.contains("control") || $0.hasPrefix("intend") })
    }

    @Test(
        "who is about to change the same, or what lies above or below it, is named in the preview",
        arguments: [
            ("mail/0/2", true), ("mail/0", true), ("mail", true), ("mail/0/20", false),
            ("mail/1", false),
        ])
    func rival(path: String, meets: Bool) {
        var stage = Stage.live(
            story: Self.story([
                Self.presence("me", intends: ["mail/0/2"], own: true),
                Self.presence("alice", intends: [path]),
            ]))
        stage.choose(3)
        stage.pass(milliseconds: 3000)
        let line = "alice (proxytop) is about to change \(path)"
        #expect(stage.text.contains(line) == meets)
        stage.type("D")
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains(line + ".") == meets, "\(stage.text)")
    }
}
