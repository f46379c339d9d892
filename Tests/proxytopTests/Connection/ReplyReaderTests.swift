import Shared
import Testing

@testable import proxytop

@Suite("what comes over the socket")
struct ReplyReaderTests {
    @Test("garbage ends in an error or in waiting, never in a crash", arguments: 0..<200)
    func garbage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var reader = ReplyReader()
        let starts: [[UInt8]] = [
            [], Array("OK ".utf8), Array("ERR ".utf8), Array("OK 3 a=b\n".utf8),
            Array("OK 99999999999999999999\n".utf8), Array("OK -1\n".utf8), Array("ERR \n".utf8),
        ]
        reader.append(starts[Int(random.next() % UInt64(starts.count))])
        for _ in 0..<20 {
            reader.append(
                (0..<Int(random.next() % 400)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            )
            do {
                while let reply = try reader.next() { _ = reply.encoded }
            } catch {
                #expect(error.line.utf8.count <= 400)
                return
            }
        }
    }

    @Test("a reply cut anywhere comes whole")
    func pieces() throws {
        var story = Story()
        let bytes = story.hello.encoded + story.reply(to: "show channels").encoded
        for cut in stride(from: 0, to: bytes.count, by: 7) {
            var reader = ReplyReader()
            var replies: [Reply] = []
            for piece in [bytes[..<cut], bytes[cut...]] {
                reader.append(piece)
                while let reply = try reader.next() { replies.append(reply) }
            }
            #expect(replies == [story.hello, story.reply(to: "show channels")])
        }
    }

    @Test(
        "tables that make no sense give an empty screen, not a crash",
        arguments: [
            ["path\tserial\tstate", "mail/0/0\t1"], ["path"], [""], ["\t\t\t"],
            ["path\tserial\tstate", "\t1\tup", "///\t2\tup", "x\t3\tnonsense", "y\t-4\tup"],
        ])
    func nonsense(lines: [String]) {
        var stage = Stage.live()
        stage.isAnswering = false
        stage.pass(milliseconds: 1000)
        for _ in 0..<3 { stage.send(.reply(.ok(attributes: [], lines: lines))) }
        #expect(stage.lines.count == 24)
    }
}

@Suite("which socket is meant")
struct SocketSearchTests {
    @Test("one is taken, several are shown beside one another, none is said so")
    func choice() {
        #expect(SocketSearch.choose(from: ["a.sock"], in: "/r") == .found("/r/a.sock"))
        guard case .none(let text) = SocketSearch.choose(from: [], in: "/r") else {
            Issue.record("chosen")
            return
        }
        #expect(text.contains("no control socket in /r"))
        #expect(
            SocketSearch.choose(from: ["b.sock", "a.sock"], in: "/r")
                == .several(["/r/a.sock", "/r/b.sock"]))
    }

    @Test("a daemon that is not there is said in words")
    func absent() {
        do {
            let socket = try ControlSocket(path: "/nonexistent/x.sock")
            Issue.record("connected to \(socket.descriptor)")
        } catch {
            #expect(error.kind == .absent)
            #expect(error.reason == "x.sock: no such socket (ENOENT)")
        }
    }
}
