import Foundation
import Glibc
import Shared
import TestTerminal
import Testing

@testable import proxytop

/// The built program in a real terminal, against a daemon that plays a story.
@Suite("the program in a terminal", .serialized, .timeLimit(.minutes(60)))
struct ProgramTests {
    let terminal: TmuxTerminal
    let daemon: FakeDaemon
    let program: String

    init() throws {
        terminal = try TmuxTerminal(columns: 80, rows: 24)
        daemon = try FakeDaemon(path: terminal.directory.appending(path: "proxyd.sock").path)
        program = try BuiltProgram.path("proxytop") + " --view channels --socket \(daemon.path)"
    }

    private func start(_ options: String = "--glyphs ascii") throws {
        try terminal.start("\(program) \(options)")
        try terminal.waitFor(text: "LIVE")
        try terminal.waitFor(text: "0.3 !down")
    }

    /// The shell is back, and its terminal is as it was.
    private func expectRestored(status: Int) throws {
        try terminal.waitFor(text: "status=\(status)")
        try terminal.waitFor(text: "end=0")
        #expect(try terminal.value("#{alternate_on} #{cursor_flag}") == "0 1")
        #expect(try terminal.file("before") == terminal.file("after"))
        #expect(try !terminal.screen().contains("ENDPOINT"))
    }

    @Test("shows the channels at 80x24 and 120x40, and follows the window")
    func shows() throws {
        try start()
        let small = try terminal.waitFor(text: "q quit").split(separator: "\n")
        #expect(small[0].hasPrefix("lb1 proxyd.sock  proxyd 1.4 pid 4121 up 12d03h"))
        #expect(small.contains { $0.hasPrefix("> 0.0 +up    10.0.1.10:143       100  392/400") })
        try terminal.resize(columns: 120, rows: 40)
        try terminal.waitFor("the wide table") {
            $0.contains("CONN 15m") && $0.contains("12d03h 10.0.1.10:143")
        }
        try terminal.resize(columns: 30, rows: 8)
        try terminal.waitFor("the packed cells") { $0.contains("!0.3") && !$0.contains("STATE") }
        try terminal.resize(columns: 12, rows: 2)
        try terminal.waitFor(text: "too small")
        try terminal.resize(columns: 80, rows: 24)
        try terminal.waitFor(text: "ENDPOINT")
        try terminal.keys("q")
        try expectRestored(status: 0)
    }

    @Test("an incident is written to a file, and shown again from it without a daemon")
    func replays() throws {
        let file = terminal.directory.appending(path: "incident.ptrec").path
        let record = terminal.directory.appending(path: "record.ptrec").path
        try start("--glyphs ascii --interval 0.25 --record \(record)")
        daemon.change { $0.channels[0].state = .down }
        try terminal.waitFor(text: "0.0 !down")
        try terminal.keys("[", "[", "[", "[", "[", "[")
        try terminal.waitFor("the past") { $0.contains("PAST -") }
        try terminal.keys("=", ":")
        try terminal.text("write \(file)")
        try terminal.keys("Enter")
        try terminal.waitFor(text: "written: ")
        try terminal.keys("Q")
        try expectRestored(status: 0)
        daemon.stop()
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        for path in [file, record] {
            try terminal.start(
                "\(try BuiltProgram.path("proxytop")) --glyphs ascii --view channels --replay \(path) --speed 1000"
            )
            try terminal.waitFor(text: "REPLAY END")
            try terminal.waitFor(text: "0.0 !down")
            try terminal.keys("{")
            try terminal.waitFor("the past of the recording") {
                $0.contains("PAST -") && $0.contains("0.0 +up")
            }
            try terminal.keys("D")
            try terminal.waitFor(text: "you are looking at the past")
            try terminal.keys("Q")
            try expectRestored(status: 0)
        }
    }

    @Test(
        "several daemons are a line each; Enter looks at one, q comes back, a dead one harms nobody"
    )
    func fleet() throws {
        let other = try FakeDaemon(path: terminal.directory.appending(path: "other.sock").path)
        try terminal.start(
            "\(try BuiltProgram.path("proxytop")) --glyphs ascii --socket \(daemon.path) --socket \(other.path)"
        )
        try terminal.waitFor("both daemons") {
            $0.contains("2 daemons") && $0.contains("lb1 proxyd.sock")
                && $0.contains("lb1 other.sock")
                && $0.contains("5/9")
        }
        try terminal.keys("j", "Enter")
        try terminal.waitFor(text: "1 Overview")
        try terminal.keys("q")
        try terminal.waitFor(text: "2 daemons")
        other.stop()
        try terminal.waitFor("one of them lost") { $0.contains("LOST") && $0.contains("LIVE") }
        try terminal.keys("k", "Enter")
        try terminal.waitFor(text: "1 Overview")
        try terminal.keys("2", "D")
        try terminal.waitFor(text: "y sends it")
        // What is promised there is asked for in the list of all.
        try terminal.awaitFrames()
        try terminal.keys("Tab")
        try terminal.waitFor(text: "Digits: and at __:__")
        try terminal.keys("y")
        #expect(try daemon.nextAct().hasPrefix("drain mail/0/0 if-gen="))
        try terminal.waitFor(text: "mail/0/0 state up -> drain")
        try terminal.keys("q")
        try terminal.waitFor(text: "[1 Overview]")
        try terminal.keys("q")
        try terminal.waitFor(text: "2 daemons")
        try terminal.keys("q")
        try terminal.waitFor(text: "once more to quit and leave it drained: lb1 proxyd.sock: off")
        try terminal.keys("q")
        try expectRestored(status: 0)
    }

    @Test("F3 looks through all connections of the daemon, and the screen follows to the match")
    func searches() throws {
        daemon.change { $0.addSessions(2500) }
        try start()
        try terminal.keys("3")
        try terminal.waitFor(text: "of 2500 matching")
        try terminal.keys("F3")
        try terminal.waitFor(text: "find: _")
        try terminal.text("id = 3333")
        try terminal.waitFor(text: "find: id = 3333_")
        try terminal.keys("Enter")
        try terminal.waitFor(text: ">     3333 192.0.2.84")
        try terminal.keys("Q")
        try expectRestored(status: 0)
    }

    @Test("X on a channel asks, and reaches the daemon once the number is typed")
    func cuts() throws {
        try start()
        try terminal.keys("j", "j")
        try terminal.waitFor(text: "> 0.2 #full")
        try terminal.keys("X")
        let dialog = try terminal.waitFor(text: "Type 400 or 0.2")
        #expect(dialog.contains("800/800 FULL"))
        #expect(dialog.contains("Sends:  disable mail/0/2 cut if-gen=8812"))
        #expect(daemon.requests.isEmpty)
        try terminal.awaitFrames()
        try terminal.text("400")
        try terminal.waitFor(text: "cancels: 400_")
        try terminal.keys("Enter")
        #expect(try daemon.nextAct() == "disable mail/0/2 cut if-gen=8812")
        try terminal.waitFor(text: "mail/0/2 state full -> off, cut 400")
        try terminal.waitFor(text: "0.2 -off")
        try terminal.keys("E")
        #expect(try daemon.nextAct() == "enable mail/0/2")
        try terminal.waitFor(text: "0.2 +up")
        try terminal.keys("D")
        try terminal.waitFor(text: "y sends it")
        try terminal.awaitFrames()
        try terminal.keys("y")
        #expect(try daemon.nextAct().hasPrefix("drain mail/0/2 if-gen="))
        try terminal.waitFor(text: "0.2 ~drain")
        try terminal.keys("Q")
        try expectRestored(status: 0)
    }

    @Test("a daemon that goes away is said so, and its return too")
    func goneAndBack() throws {
        try start()
        daemon.stop()
        try terminal.waitFor("the loss") { $0.contains("LOST 00:0") && $0.contains("0.3 .down") }
        try terminal.waitFor(text: "actions are off")
        var story = Story()
        story.epoch += 1
        story.milliseconds = 3000
        let next = try FakeDaemon(path: daemon.path, story: story)
        defer { next.stop() }
        try terminal.waitFor("the return") {
            $0.contains("LIVE") && $0.contains("daemon restarted")
        }
        try terminal.keys("C-c", "C-c")
        try expectRestored(status: 0)
    }

    @Test("a daemon that hangs is SLOW, then LOST, and keys still work")
    func hangs() throws {
        try start("--glyphs ascii --interval 0.25")
        daemon.become(.silent)
        try terminal.waitFor("the loss") { $0.contains("LOST") }
        try terminal.keys("?")
        try terminal.waitFor(text: "proxytop: keys")
        try terminal.keys("Escape")
        try terminal.waitFor(text: "ENDPOINT")
        try terminal.keys("q")
        try expectRestored(status: 0)
    }

    @Test(
        "a daemon that answers badly is lost in words, and found again when it answers well",
        arguments: FakeDaemon.Mood.allCases.filter { $0 != .well })
    func misbehaves(mood: FakeDaemon.Mood) throws {
        try start("--glyphs ascii --interval 0.25")
        daemon.become(mood)
        let screen = try terminal.waitFor("the loss") { $0.contains("LOST 00:0") }
        // The tables stay, as what was known last.
        #expect(screen.contains("10.0.1.13:143"))
        try terminal.keys("X")
        try terminal.waitFor(text: "actions are off")
        daemon.become(.well)
        try terminal.keys("r")
        try terminal.waitFor("the return") { $0.contains("LIVE") && $0.contains("0.3 !down") }
        #expect(daemon.requests.isEmpty)
        try terminal.keys("q")
        try expectRestored(status: 0)
    }

    @Test("what a recording holds is shown as it was, from a daemon that plays it")
    func recordedDaemon() throws {
        var stage = Stage.live()
        stage.story.channels[0].state = .down
        stage.story.channels[0].why = "connect timed out"
        for _ in 0..<3 { stage.pass(milliseconds: 1000) }
        let text = stage.model.time.replay.recording(events: []).map(Recording.text).joined()
        let bytes = Array((Recording.firstLine + "\n" + text).utf8)
        let entries = try Recording.entries(in: bytes, offsetSeconds: 0)
        let path = terminal.directory.appending(path: "played.sock").path
        let played = try FakeDaemon(path: path, recording: entries)
        defer { played.stop() }
        try terminal.start(
            "\(try BuiltProgram.path("proxytop")) --glyphs ascii --view channels --interval 0.25 --socket \(path)"
        )
        // As it was at first, then as it became.
        try terminal.waitFor(text: "0.0 +up")
        try terminal.waitFor(text: "0.0 !down")
        try terminal.waitFor(text: "connect timed out")
        try terminal.keys("q")
        try expectRestored(status: 0)
    }

    @Test("a crash gives the terminal back", arguments: [SIGILL, SIGSEGV, SIGABRT])
    func crash(signal: CInt) throws {
        try start()
        #expect(try terminal.value("#{alternate_on}") == "1")
        kill(try terminal.programID, signal)
        try expectRestored(status: 128 + Int(signal))
    }

    @Test("TERM ends it in good order")
    func terminated() throws {
        try start()
        kill(try terminal.programID, SIGTERM)
        try expectRestored(status: 0)
    }

    @Test("a terminal that goes away ends it")
    func hangUp() throws {
        try start()
        try terminal.hangUp()
        try terminal.waitForEnd()
    }

    @Test("Ctrl-Z gives the terminal to the shell, fg takes it again")
    func suspended() throws {
        try start()
        try terminal.keys("C-z")
        try terminal.waitFor("the shell") { _ in
            try terminal.value("#{alternate_on} #{cursor_flag}") == "0 1"
        }
        try terminal.resize(columns: 100, rows: 30)
        try terminal.text("fg")
        try terminal.keys("Enter")
        try terminal.waitFor("the wider screen") {
            $0.contains("SINCE") && $0.contains("0.3 !down") && $0.contains("LIVE")
        }
        try terminal.keys("q")
        try terminal.waitFor(text: "status=")
    }

    @Test("pasted text does nothing")
    func paste() throws {
        try start()
        try terminal.keys("Escape")
        try terminal.text("\u{1b}[200~EEDDXXyQ\u{1b}[201~")
        try terminal.waitFor(text: "pasted text is ignored")
        #expect(daemon.requests.isEmpty)
        try terminal.keys("q")
        try expectRestored(status: 0)
    }

    @Test("an unknown TERM and a small terminal still work")
    func strangeTerminal() throws {
        try terminal.text("TERM=no-such-terminal; export TERM")
        try terminal.keys("Enter")
        try start()
        try terminal.waitFor(text: "this TERM is unknown here")
        try terminal.keys("q")
        try terminal.waitFor(text: "status=0")
    }

    @Test("--once and --json work without a terminal, and exit codes are as in the manual")
    func batch() throws {
        let table = try run(["--socket", daemon.path, "--once", "--interval", "0.25"])
        #expect(table.status == 0)
        #expect(table.output.contains("10.0.1.13:143"))
        #expect(!table.output.contains("\u{1b}"))
        let json = try run(["--socket", daemon.path, "--json", "--interval", "0.25"])
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
        let fields = try #require(object as? [String: Any])
        #expect(fields["schema"] as? Int == 1)
        #expect((fields["channels"] as? [Any])?.count == 9)
        let csv = try run(["--socket", daemon.path, "--csv", "--no-rates"])
        #expect(csv.output.hasPrefix("path,serial,state,since_ms,"))
        #expect(csv.output.contains("mail/0/3,4,down,252000,connect refused (ECONNREFUSED),"))
        #expect(try run(["--once", "--json"]).status == 1)
        #expect(try run(["--nonsense"]).status == 1)
        #expect(try run(["--interval", "0"]).status == 1)
        #expect(try run(["--socket", "/nonexistent/x.sock", "--once"]).status == 2)
    }

    private func run(_ arguments: [String]) throws -> Command.Result {
        try Command.run(
            [try BuiltProgram.path("proxytop")] + arguments, environment: ["LC_ALL": "C"],
            withErrors: false)
    }
}
