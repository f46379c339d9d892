import Shared
import Testing

@testable import proxytop

@Suite("recordings")
struct RecordingTests {
    private static func text(of entries: [ReplayBuffer.Entry]) -> [UInt8] {
        Array((Recording.firstLine + "\n" + entries.map(Recording.text).joined()).utf8)
    }

    @Test("what is written is read again, and shows the same screen")
    func roundTrip() throws {
        var stage = Stage.live()
        stage.story.events = [
            Story.event(7, at: stage.story.milliseconds, "channel mail/0/3", "down")
        ]
        stage.pass(milliseconds: 1000)
        let written = stage.model.time.replay.recording(events: stage.model.data.log.events)
        let read = try Recording.entries(in: Self.text(of: written), offsetSeconds: 0)
        #expect(read == written)
        var model = Model(now: .zero, size: stage.model.size, socketPath: "/run/p/proxyd.sock")
        model.time.mode = .replay
        model.replay(read)
        let lines = model.render(.ascii).lines
        #expect(Array(lines[1..<20]) == Array(stage.model.render(.ascii).lines[1..<20]))
        #expect(lines[0].contains("REPLAY 1x"))
        #expect(model.data.log.events.map(\.id) == [7])
    }

    @Test("`:write` gives the last quarter of an hour as a file's text")
    func write() throws {
        var stage = Stage.live()
        stage.command("write /tmp/x.ptrec")
        guard
            case .write(let path, let text)? = stage.effects.last(where: { effect in
                if case .write = effect { true } else { false }
            })
        else {
            Issue.record("nothing was written")
            return
        }
        #expect(path == "/tmp/x.ptrec")
        let entries = try Recording.entries(in: Array(text.utf8), offsetSeconds: 0)
        #expect(
            entries.count { $0.words == ReplayBuffer.firstOfRound }
                == stage.model.time.replay.rounds.count)
        #expect(entries.first?.words == ["hello"])
        stage.send(.written(path: path, fault: "the disk is full"))
        #expect(stage.text.contains("/tmp/x.ptrec was not written: the disk is full"))
    }

    @Test(
        "a file that is none says where and why",
        arguments: [
            ("", "line 1: not a recording: one begins with “ptrec 1”"),
            ("{}\n", "line 1: not a recording: one begins with “ptrec 1”"),
            ("ptrec 1\nnonsense\n", "line 2: not “> MILLISECONDS SECONDS QUESTION”"),
            ("ptrec 1\n> 1 2 hello\nMAYBE\n", "line 3: not an answer of the control protocol"),
            (
                "ptrec 1\n> 99999999999999999 2 hello\nOK 0\n",
                "line 2: not “> MILLISECONDS SECONDS QUESTION”"
            ),
        ])
    func mistakes(text: String, message: String) {
        do throws(Recording.ParseError) {
            _ = try Recording.entries(in: Array(text.utf8), offsetSeconds: 0)
            Issue.record("taken: \(text)")
        } catch {
            #expect("\(error)" == message)
        }
    }

    @Test("half an answer at the end is left out, wherever the file was cut")
    func torn() throws {
        let stage = Stage.live()
        let entries = Array(stage.model.time.replay.recording(events: []).prefix(9))
        let bytes = Self.text(of: entries)
        for length in stride(from: 8, to: bytes.count, by: 7) {
            let read = try? Recording.entries(in: Array(bytes.prefix(length)), offsetSeconds: 0)
            #expect(read.map { Array(entries.prefix($0.count)) == $0 } ?? true)
        }
    }

    @Test("random bytes never trap")
    func noise() {
        var generator = SeededGenerator(seed: 41)
        let pieces = [
            "ptrec 1\n", "> 1 2 show channels\n", "OK 3 a=b\n", "x\ty\n", "ERR busy no\n", ">",
            "\u{0}", "OK 9999999\n",
        ]
        for _ in 0..<5000 {
            var text = "ptrec 1\n"
            for _ in 0..<Int.random(in: 0..<12, using: &generator) {
                text += pieces.randomElement(using: &generator) ?? ""
            }
            guard let entries = try? Recording.entries(in: Array(text.utf8), offsetSeconds: 0)
            else {
                continue
            }
            var model = Model(now: .zero, size: Size(columns: 80, rows: 24), socketPath: "x")
            model.time.mode = .replay
            model.replay(entries)
            _ = model.render(.ascii)
        }
    }

    @Test("a playback gives each answer when its time has come, at its speed, without long gaps")
    func playback() {
        func entry(_ milliseconds: UInt64) -> ReplayBuffer.Entry {
            ReplayBuffer.Entry(
                at: Moment(
                    milliseconds: milliseconds, wallSeconds: Int64(milliseconds / 1000),
                    offsetSeconds: 0),
                words: ["show", "channels"], reply: .ok(attributes: [], lines: []))
        }
        // A night without a recording, then a machine that was started anew.
        var playback = Playback(
            [entry(1000), entry(3000), entry(40_000_000), entry(500)], speed: 2)
        #expect(playback.due(at: 10, isPaused: false).count == 1)
        #expect(playback.wait == 1001)
        #expect(playback.due(at: 510, isPaused: false).isEmpty)
        #expect(playback.due(at: 9_000, isPaused: true).isEmpty)
        #expect(playback.due(at: 9_500, isPaused: false).count == 1)
        #expect(playback.wait == 30_001)
        #expect(playback.due(at: 39_500, isPaused: false).count == 1)
        #expect(playback.due(at: 40_000, isPaused: false).count == 1)
        #expect(playback.isOver)
        #expect(playback.wait == nil)
    }

    @Test(
        "clients' addresses get tags, the proxy's own stay",
        arguments: [
            ("192.0.2.17:50122", "client-1:50122"), ("[2001:db8::7]:39822", "client-1:39822"),
            ("2001:db8::7", "client-1"),
            ("session 4 192.0.2.17:5 ended, 192.0.2.18.", "session 4 client-1:5 ended, client-2."),
            ("10.0.1.10:143", "10.0.1.10:143"), ("02:36:55 up", "02:36:55 up"),
            ("mail-e.example.net:143", "mail-e.example.net:143"), ("/run/x.sock", "/run/x.sock"),
            ("::", "client-1"), ("", ""),
        ])
    func redaction(text: String, wanted: String) {
        var redaction = Redaction()
        redaction.learn(
            ReplayBuffer.Entry(
                at: .zero, words: ReplayBuffer.firstOfRound,
                reply: .ok(attributes: [], lines: ["path\taddress", "mail/0/0\t10.0.1.10:143"])))
        #expect(redaction.redacted(text) == wanted)
        #expect(redaction.redacted(text) == wanted, "the same tag the next time")
    }
}
