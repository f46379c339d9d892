import Foundation
import Shared
import TestTerminal
import Testing

extension EndToEnd {
    /// A person at proxytop, a real daemon behind it, and real clients through that.
    @Suite("proxytop on a running daemon")
    struct ScreenTests {
        private static let sizes = [(80, 24), (120, 40)]

        /// Opens proxytop on a daemon with two channels in one group that say their letter.
        private func withScreen(
            columns: Int, rows: Int, _ body: (Daemon, TmuxTerminal) throws -> Void
        ) throws {
            let channels = try [LocalChannel.letter("A"), LocalChannel.letter("B")]
            let services = """
                - name: mail
                  listen: ["127.0.0.1:0"]
                  groups:
                  - name: main
                    channels:
                    - { name: a, address: "\(channels[0].endpoint)", maxc: 50 }
                    - { name: b, address: "\(channels[1].endpoint)", maxc: 50 }
                """
            try withDaemon(services) { daemon in
                let terminal = try TmuxTerminal(columns: columns, rows: rows)
                let program = try BuiltProgram.path("proxytop")
                try terminal.start(
                    "\(program) --glyphs ascii --interval 0.25 --socket \(daemon.controlPath)")
                try terminal.waitFor(text: "main.b")
                try body(daemon, terminal)
            }
        }

        /// The letters that so many clients, one after the other, are served with.
        private func letters(_ count: Int, from daemon: Daemon) throws -> String {
            try (0..<count).map { _ in try FailoverTests.letter(daemon) ?? "-" }.joined()
        }

        @Test("shows what the daemon says, and a key moves the traffic", arguments: sizes)
        func toggles(columns: Int, rows: Int) throws {
            try withScreen(columns: columns, rows: rows) { daemon, terminal in
                let screen = try terminal.waitFor(text: "no problems")
                #expect(screen.contains("LIVE"))
                #expect(screen.contains("main rr ACTIVE"))
                #expect(try letters(4, from: daemon).sorted() == ["A", "A", "B", "B"])

                try terminal.keys("j")
                try terminal.waitFor("the cursor on channel b") { $0.contains("> main.b") }
                try terminal.keys("k")
                try terminal.waitFor("the cursor on channel a") { $0.contains("> main.a") }
                try terminal.keys("X")
                try terminal.waitFor(text: "IF YOU DO THIS")
                try terminal.awaitFrames()
                try terminal.keys("y")
                try terminal.waitFor("channel a switched off") { screen in
                    screen.split(separator: "\n").contains {
                        $0.contains("main.a") && $0.contains("-off")
                    }
                }
                #expect(try daemon.channels()[0].state == .off)
                #expect(try letters(4, from: daemon) == "BBBB")

                try terminal.keys("E")
                try terminal.waitFor("channel a usable again") { screen in
                    screen.split(separator: "\n").contains {
                        $0.contains("main.a") && $0.contains("+up")
                    }
                }
                #expect(try letters(4, from: daemon).contains("A"))
                try terminal.keys("q")
                try terminal.waitForEnd()
            }
        }

        @Test("shows sessions as they come and go", arguments: sizes)
        func sessions(columns: Int, rows: Int) throws {
            try withScreen(columns: columns, rows: rows) { daemon, terminal in
                let clients = try (0..<6).map { _ in
                    let client = try daemon.client()
                    _ = try client.receive(exactly: 1)
                    return client
                }
                try terminal.waitFor("six sessions") { $0.contains("6/100") }
                try terminal.waitFor("three on each") { screen in
                    screen.split(separator: "\n").count { $0.contains("3/50") } == 2
                }
                for client in clients { client.close() }
                try terminal.waitFor("none left") { $0.contains("0/100") }
                try terminal.keys("q")
                try terminal.waitForEnd()
            }
        }

        @Test("finds a connection, cuts it, and finds in the events who did it", arguments: sizes)
        func connections(columns: Int, rows: Int) throws {
            try withScreen(columns: columns, rows: rows) { daemon, terminal in
                let clients = try (0..<4).map { _ in
                    let client = try daemon.client()
                    _ = try client.receive(exactly: 1)
                    return client
                }
                try terminal.keys("3")
                try terminal.waitFor("four connections") {
                    $0.contains("rows 1-4 of 4 matching, 4 in all")
                }
                try terminal.text("/channel = mail/main/b")
                try terminal.keys("Enter")
                try terminal.waitFor("those of channel b") {
                    $0.contains("of 2 matching, 4 in all")
                }
                try terminal.keys("K")
                try terminal.waitFor(text: "y sends it")
                try terminal.awaitFrames()
                try terminal.keys("y")
                try terminal.waitFor("one less") { $0.contains("of 1 matching, 3 in all") }
                try terminal.keys("4")
                try terminal.waitFor("the event") { screen in
                    screen.split(separator: "\n").contains {
                        $0.contains("proxytop") && $0.contains("cut")
                    }
                }
                for client in clients { client.close() }
                try terminal.keys("Q")
                try terminal.waitForEnd()
            }
        }

        @Test("drains two marked channels, says what is lost, and takes it back", arguments: sizes)
        func batch(columns: Int, rows: Int) throws {
            try withScreen(columns: columns, rows: rows) { daemon, terminal in
                try terminal.keys("Space", "Space")
                try terminal.waitFor(text: "2 marked")
                try terminal.keys("D")
                let preview = try terminal.waitFor(text: "Type 2 and Enter")
                #expect(preview.contains("main: last usable channel lost"))
                try terminal.awaitFrames()
                try terminal.text("2")
                try terminal.keys("Enter")
                try terminal.waitFor(text: "2 commands, 2 changes")
                #expect(try daemon.channels().allSatisfy { $0.state == .drain })
                try terminal.keys("1")
                try terminal.waitFor(text: "main has no usable channel of 2")
                try terminal.keys("2", "u")
                try terminal.waitFor(text: "y sends it")
                try terminal.awaitFrames()
                try terminal.keys("y")
                try terminal.waitFor("both usable again") { $0.contains("ACTIVE 2/2") }
                #expect(try daemon.channels().allSatisfy { $0.state == .up })
                try terminal.text(":set % weight 7")
                try terminal.keys("Enter")
                try terminal.waitFor(text: "y sends it")
                try terminal.awaitFrames()
                try terminal.keys("y")
                try terminal.waitFor("the new weight") { _ in
                    try daemon.channels().contains { $0.weight == 7 }
                }
                try terminal.keys("Q")
                try terminal.waitForEnd()
            }
        }

        @Test("goes on when the daemon is killed and started again on the same socket")
        func restart() throws {
            let directory = try TemporaryDirectory()
            let channel = try LocalChannel.letter("A")
            let services = """
                - listen: ["127.0.0.1:0"]
                  channels: [ { name: a, address: "\(channel.endpoint)" } ]
                """
            let first = try Daemon(services, in: directory)
            let terminal = try TmuxTerminal(columns: 80, rows: 24)
            let program = try BuiltProgram.path("proxytop")
            try terminal.start(
                "\(program) --glyphs ascii --interval 0.25 --socket \(first.controlPath)")
            try terminal.waitFor(text: "LIVE")
            #expect(try first.program.stop(with: SIGKILL) == Int(-SIGKILL))
            try terminal.waitFor(text: "LOST")
            let second = try Daemon(services, in: directory)
            try terminal.waitFor("the link is back") { $0.contains("LIVE") }
            try terminal.keys("q")
            try terminal.waitForEnd()
            try second.stop()
        }
    }
}
