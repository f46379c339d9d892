import Testing

@testable import Shared

@Suite("Tables")
struct TableTests {
    @Test("values survive the socket", arguments: 0..<200)
    func roundTrip(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let letters: [Unicode.Scalar] = [
            "a", "\t", "\n", "\\", "t", "n", "\"", "ä", "\u{301}", "-",
        ]
        func word() -> String {
            var word = String.UnicodeScalarView()
            for _ in 0..<random.next(below: 6) {
                word.append(letters[random.next(below: letters.count)])
            }
            return String(word)
        }
        var table = Table(columns: ["a", "b\tc", "d"])
        for _ in 0..<3 { table.append([word(), word(), word()]) }
        #expect(table.lines.allSatisfy { !$0.utf8.contains(0x0A) })
        let read = Table(lines: table.lines)
        #expect(read?.columns == table.columns)
        let scalars = { (rows: [[String]]) in rows.map { $0.map { Array($0.unicodeScalars) } } }
        #expect(scalars(read?.rows ?? []) == scalars(table.rows))
    }

    @Test(
        "a backslash before anything else stands for itself",
        arguments: [
            (#"\x"#, #"\x"#), (#"a\"#, #"a\"#), (#"\\t"#, #"\t"#), (#"\t"#, "\t"), (#"\""#, "\""),
        ])
    func unescapes(text: String, meant: String) {
        #expect(Escape.unescaped(text) == meant)
    }

    @Test("short rows are filled, and no lines make no table")
    func shapes() {
        var table = Table(columns: ["a", "b"])
        table.append(["1"])
        #expect(table.rows == [["1", "-"]])
        #expect(table.index(of: "b") == 1)
        #expect(table.index(of: "c") == nil)
        #expect(Table(lines: []) == nil)
        #expect(Table(lines: ["a\tb", "1"]) == table)
    }
}
