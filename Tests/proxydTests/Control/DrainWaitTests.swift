import Shared
import Testing

@testable import proxyd

@Suite("Waiting until channels are empty")
struct EmptyingTests {
    private func ok(_ lines: [String], cut: String? = nil) -> Reply {
        .ok(attributes: cut.map { [Reply.Attribute("cut", $0)] } ?? [], lines: lines)
    }

    @Test(
        "drain and disable wait for the channels of their path",
        arguments: [
            (["drain", "mail/0"], "mail/0"), (["disable", "if-gen=3", "0/1", "cut"], "0/1"),
        ])
    func channels(words: [String], path: String) throws {
        let emptying = try #require(DrainWait(words: words, reply: ok(["path\tfield\tfrom\tto"])))
        #expect(emptying.question == ["show", "channels", path])
        #expect(emptying.left(in: ok(["path\tcurrent", "a\t3", "b\t4"])) == 7)
        #expect(emptying.left(in: ok(["path\tcurrent"])) == 0)
        #expect(emptying.left(in: ok(["path"])) == nil)
        #expect(emptying.left(in: .error(.notFound, message: "gone")) == nil)
    }

    @Test("shed waits for the sessions that it ends, and for no others")
    func sessions() throws {
        let lines = ["id\tclient\tchannel", "7\tx\ts/g/a", "9\ty\ts/g/b", "11\tz\ts/g/a"]
        let emptying = try #require(
            DrainWait(words: ["shed", "s", "3"], reply: ok(lines, cut: "3")))
        #expect(
            emptying.question.joined(separator: " ")
                == "show sessions where channel = s/g/a or channel = s/g/b")
        #expect(emptying.left(in: ok(["id\tchannel", "7\tx", "8\tx", "11\tx"])) == 2)
        #expect(DrainWait(words: ["shed", "s", "3", "preview"], reply: ok(lines, cut: "0")) == nil)
    }

    @Test("very many channels are not put into a filter that takes no so many words")
    func many() throws {
        let lines = ["id\tchannel"] + (0..<100).map { "\($0)\tc\($0)" }
        let emptying = try #require(
            DrainWait(words: ["shed", "s", "9"], reply: ok(lines, cut: "9")))
        #expect(emptying.question == ["show", "sessions"])
    }

    @Test(
        "other commands, and those that failed, wait for nothing",
        arguments: [["promote", "0/1"], ["elect", "0"], ["show", "channels"], ["drain"], []])
    func nothing(words: [String]) {
        #expect(DrainWait(words: words, reply: ok([])) == nil)
        #expect(DrainWait(words: ["drain", "0"], reply: .error(.busy, message: "x")) == nil)
    }
}
