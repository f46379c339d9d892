import Testing

@testable import Shared

@Suite("Line reader")
struct LineReaderTests {
    private func lines(_ chunks: [[UInt8]], limit: Int = Request.longestLine) -> [LineReader.Event]
    {
        var reader = LineReader(limit: limit)
        var events: [LineReader.Event] = []
        for chunk in chunks {
            reader.append(chunk)
            while let event = reader.next() { events.append(event) }
        }
        return events
    }

    @Test("lines are the same wherever the bytes are split")
    func splitEverywhere() {
        let bytes = Array("one\r\n\ntwo three\n\r\nfour".utf8)
        let expected = ["one", "", "two three", ""].map { LineReader.Event.line(Array($0.utf8)) }
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let chunks = [bytes[..<first], bytes[first..<second], bytes[second...]]
                #expect(lines(chunks.map { Array($0) }) == expected)
            }
        }
        #expect(lines(bytes.map { [$0] }) == expected)
    }

    @Test("only one CR before the LF is dropped")
    func carriageReturns() {
        #expect(
            lines([Array("a\r\r\n\rb\n".utf8)]) == [
                .line(Array("a\r".utf8)), .line(Array("\rb".utf8)),
            ])
    }

    @Test("64 KiB with the LF is the longest request", arguments: [1, 7, 4096, 70_000])
    func limit(chunk: Int) {
        func chunks(_ bytes: [UInt8]) -> [[UInt8]] {
            stride(from: 0, to: bytes.count, by: chunk).map {
                Array(bytes[$0..<min($0 + chunk, bytes.count)])
            }
        }
        let longest = [UInt8](repeating: 0x61, count: 65_535)
        let after = Array("\nnext\n".utf8)
        #expect(lines(chunks(longest + after)) == [.line(longest), .line(Array("next".utf8))])
        #expect(lines(chunks(longest + [0x61] + after)) == [.tooLong, .line(Array("next".utf8))])
    }

    @Test("a line without end is not kept")
    func bounded() {
        var reader = LineReader(limit: 100)
        var events: [LineReader.Event] = []
        for _ in 0..<1000 {
            reader.append([UInt8](repeating: 0x61, count: 50))
            while let event = reader.next() { events.append(event) }
            #expect(reader.heldCount <= 150)
        }
        #expect(events == [.tooLong])
        reader.append(Array("x\nok\n".utf8))
        #expect(reader.next() == .line(Array("ok".utf8)))
        #expect(reader.next() == nil)
    }

    @Test("a long reply is found whole wherever it was searched before")
    func longReply() {
        let lines = (0..<5000).map { Array("line \($0)".utf8) }
        let bytes = Array("head\n".utf8) + lines.flatMap { $0 + [0x0A] } + Array("tail\n".utf8)
        var reader = LineReader(limit: 100)
        reader.append(bytes[..<7])
        #expect(reader.next() == .line(Array("head".utf8)))
        var taken: [[UInt8]]?
        for start in stride(from: 7, to: bytes.count, by: 97) {
            reader.append(bytes[start..<min(start + 97, bytes.count)])
            if taken == nil { taken = reader.takeLines(5000) }
        }
        #expect(taken == lines)
        #expect(reader.next() == .line(Array("tail".utf8)))
    }

    @Test("lines are taken together or not at all")
    func together() {
        var reader = LineReader()
        reader.append(Array("a\nb\nc".utf8))
        #expect(reader.takeLines(3) == nil)
        #expect(reader.takeLines(0) == [])
        #expect(reader.takeLines(1) == [Array("a".utf8)])
        reader.append(Array("\n".utf8))
        #expect(reader.takeLines(2) == [Array("b".utf8), Array("c".utf8)])
        #expect(reader.heldCount == 0)
    }
}
