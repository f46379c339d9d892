import ArgumentParser
import Shared
import Testing

@testable import proxyd

@Suite("ctl")
struct ControlCommandTests {
    @Test(
        "formats may stand behind the command",
        arguments: [
            (["show", "channels"], [], ["show", "channels"], .people),
            (["show", "channels", "--json"], [], ["show", "channels"], .json),
            (["show"], [.csv], ["show"], .csv), (["show", "--csv"], [.csv], ["show"], .csv),
            (["--", "show", "--raw"], [], ["show"], .raw),
            (["show", "--json", "x"], [], ["show", "--json", "x"], .people),
            (
                ["show", "sessions", "sort", "-id"], [], ["show", "sessions", "sort", "-id"],
                .people
            ),
        ] as [([String], [ReplyFormat], [String], ReplyFormat)])
    func split(
        words: [String], formats: [ReplyFormat], expected: [String], format: ReplyFormat
    ) throws {
        let result = try ControlLine(words, formats: formats)
        #expect(result.words == expected)
        #expect(result.format == format)
    }

    @Test("two formats are one too many")
    func twoFormats() {
        #expect(throws: (any Error).self) {
            try ControlLine(["show", "--csv"], formats: [.json])
        }
    }

    @Test(
        "a wait may stand in front and behind, among formats",
        arguments: [
            (["drain", "0/2", "--wait", "60s"], nil, ["drain", "0/2"], 60),
            (["drain", "0/2", "--wait=2m", "--json"], nil, ["drain", "0/2"], 120),
            (["disable", "0", "cut", "--json", "--wait", "1"], nil, ["disable", "0", "cut"], 1),
            (["shed", "0/1", "5"], "5s", ["shed", "0/1", "5"], 5),
        ] as [([String], String?, [String], Int)])
    func wait(words: [String], option: String?, expected: [String], seconds: Int) throws {
        let line = try ControlLine(words, wait: option)
        #expect(line.words == expected)
        #expect(line.wait == .seconds(seconds))
    }

    @Test(
        "a wait that makes no sense says so",
        arguments: [
            (["show", "channels", "--wait", "5s"], "--wait goes with disable, drain"),
            (["drain", "0", "--wait"], "--wait for how long?"),
            (["drain", "0", "--wait", "x"], "--wait: invalid duration “x”"),
            (["drain", "0", "--wait", "0"], "--wait is 0, which is too short"),
            (["drain", "0", "--wait", "1s", "--wait=2s"], "--wait stands there twice"),
            (["--wait", "1s"], "--wait goes with"),
        ])
    func badWait(words: [String], message: String) {
        let mistake = #expect(throws: ControlLine.ParseError.self) { try ControlLine(words) }
        #expect(mistake?.message.hasPrefix(message) == true, "\(mistake?.message ?? "")")
    }

    @Test(
        "--via is a shell's words, and the socket's path needs no quotes on any machine",
        arguments: [
            ("ssh db1", nil, "ssh db1 proxyd ctl --stdio"),
            (
                "ssh -o 'A B' db1", "/run/a.sock",
                "ssh -o 'A B' db1 proxyd ctl --stdio --socket /run/a.sock"
            ),
            ("ssh db1", "/run/a b", nil), ("ssh db1", "/run/$x", nil), ("ssh db1", "", nil),
            ("", nil, nil), ("  ", nil, nil), ("ssh\ndb1", nil, nil),
        ] as [(String, String?, String?)])
    func via(via: String, socket: String?, command: String?) throws {
        do throws(ControlFailure) {
            #expect(try ControlTarget.command(via: via, socket: socket) == command)
        } catch {
            #expect(command == nil)
            #expect(error.status == .usage)
        }
    }

    @Test("options in front are ours, everything from the command on is the daemon's")
    func parsing() throws {
        let line = [
            "ctl", "--socket", "/x", "--json", "show", "sessions", "sort", "-idle_ms", "--help",
        ]
        let command = try #require(try Proxyd.parseAsRoot(line) as? ControlCommand)
        #expect(command.socket == "/x")
        #expect(command.json)
        #expect(command.words == ["show", "sessions", "sort", "-idle_ms", "--help"])
    }

    @Test(
        "the only socket is found, several are listed",
        arguments: [
            (["control.sock"], "/run/proxyd/control.sock"),
            ([".", "..", "a.pid", "b.sock", "sock"], "/run/proxyd/b.sock"),
        ])
    func choose(names: [String], path: String) throws {
        #expect(try ControlSockets.choose(from: names, in: "/run/proxyd") == path)
    }

    @Test("no socket and several sockets say what to do")
    func noChoice() {
        #expect(
            throws: ControlFailure.usage(
                "several daemons have their socket in /r; choose one:\n  --socket /r/a.sock\n  --socket /r/b.sock"
            )
        ) { try ControlSockets.choose(from: ["b.sock", "a.sock"], in: "/r") }
        let none = #expect(throws: ControlFailure.self) {
            try ControlSockets.choose(from: ["x.pid"], in: "/r")
        }
        #expect(none?.status == .unavailable)
        #expect(none?.message.contains("--socket") == true)
    }

    @Test(
        "the exit code follows the reply",
        arguments: [
            ("usage", Int32(64)), ("unknown", 64), ("not-found", 65), ("invalid", 65),
            ("forbidden", 77), ("conflict", 75), ("busy", 75), ("internal", 70),
        ])
    func codes(word: String, code: Int32) throws {
        #expect(try #require(Reply.ErrorCode(rawValue: word)).status.rawValue == code)
    }

    @Test(
        "usage errors of every command end with 64",
        arguments: [
            ["--novel"], ["run"], ["run", "a", "b"], ["run", "f", "--grace", "3"], ["check"],
            ["check", "a", "b"], ["ctl", "--json", "--csv", "show"], ["novel"],
            ["ctl", "--stdio", "show"], ["ctl", "--stdio", "--json"],
            ["ctl", "--stdio", "--via", "ssh x"], ["ctl", "show", "x", "--wait", "1s"],
        ])
    func usage(line: [String]) {
        let error = #expect(throws: (any Error).self) { _ = try Proxyd.parseAsRoot(line) }
        #expect(error.map { Proxyd.exitCode(for: $0).rawValue } == 64)
    }

    @Test("messages begin with the program's name")
    func told() {
        #expect(Proxyd.told("Error: x\nUsage: y") == "proxyd: x\nUsage: y\n")
        #expect(Proxyd.told("x") == "proxyd: x\n")
    }

    @Test("run keeps a file apart from channels")
    func run() throws {
        let file = try #require(
            try Proxyd.parseAsRoot(["run", "f", "--workers", "2"]) as? RunCommand)
        #expect(file.operands == ["f"])
        let line = ["run", "-l", "*:1", "-l", "*:2", "--", "a:1", "!", "b:1"]
        let command = try #require(try Proxyd.parseAsRoot(line) as? RunCommand)
        #expect(command.listen == ["*:1", "*:2"])
        #expect(command.operands == ["a:1", "!", "b:1"])
    }
}
