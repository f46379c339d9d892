import Shared
import Testing

@testable import proxyd

@Suite("Line buffer")
struct LineBufferTests {
    private func buffer(_ dress: LogFraming, _ lines: [String]) -> LineBuffer {
        var buffer = LineBuffer(dress, clock: LogClock(offset: 0))
        for line in lines {
            buffer.begin(.info, at: .at(1))
            buffer.append(line)
            buffer.end()
        }
        return buffer
    }

    @Test("what was written in part goes on, or begins its line again")
    func parts() {
        var buffer = buffer(.bare, ["one", "two", "three"])
        #expect(buffer.advance(by: 6) == 1)
        #expect(Array(buffer.due) == Array("o\nthree\n".utf8))
        buffer.startLineAgain()
        #expect(Array(buffer.due) == Array("two\nthree\n".utf8))
        #expect(buffer.lineCount == 2)
        #expect(buffer.advance(by: 10) == 2)
        #expect(buffer.isEmpty)
    }

    @Test("a datagram is one line")
    func datagrams() {
        let identity = LogFraming.Identity(ident: "p", facility: .daemon, pid: 1)
        var buffer = buffer(.syslog(identity), ["one", "two"])
        #expect(String(decoding: buffer.due, as: UTF8.self).hasSuffix("p[1]: one"))
        #expect(buffer.advance(by: buffer.due.count) == 1)
        #expect(String(decoding: buffer.due, as: UTF8.self).hasSuffix("p[1]: two"))
        #expect(buffer.clear() == 1)
    }

    @Test(
        "numbers with zeros in front",
        arguments: [(0, 1, "0"), (7, 2, "07"), (99, 2, "99"), (123, 2, "123"), (5, 4, "0005")])
    func digits(number: UInt64, width: Int, expected: String) {
        var bytes: [UInt8] = []
        bytes.append(digits: number, width: width)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }
}
