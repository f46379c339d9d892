import Foundation
import TestTerminal
import Testing

@testable import proxytop

/// The built program on a pseudo-terminal, looked at from the other side with a terminal emulator: scripts/terminal.d.
@Suite("the program on a pseudo-terminal", .timeLimit(.minutes(60)))
struct PtyTests {
    static let names = [
        "terminals", "sizes", "glyphs", "colours", "walk", "hangup", "input_ends", "crashes",
        "signals", "resizing", "noise", "state_styles", "chosen_row", "no_colour",
    ]

    @Test("does to the terminal what it means to", arguments: names)
    func operates(name: String) throws { try check(name, Story()) }

    @Test("a role that may only read is never asked to confirm anything")
    func readOnlyWalk() throws {
        var story = Story()
        story.role = "viewer"
        try check("readonly_walk", story)
    }

    private func check(_ name: String, _ story: Story) throws {
        var story = story
        story.addSessions(60)
        story.addEvents()
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "proxytop-pty-\(UInt64.random(in: 0...UInt64.max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let daemon = try FakeDaemon(path: folder.appending(path: "p.sock").path, story: story)
        defer { daemon.stop() }
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../scripts/terminal.d/pty_tests.py").standardized.path
        // The packages of the system are those of the system's interpreter.
        let result = try Command.run([
            "/usr/bin/python3", "-B", script, try BuiltProgram.path("proxytop"), daemon.path, name,
        ])
        #expect(result.output == "ok \(name)\n", "\(result.output)")
        #expect(result.status == 0)
        if story.role == "viewer" { #expect(daemon.requests.isEmpty, "\(daemon.requests)") }
    }
}
