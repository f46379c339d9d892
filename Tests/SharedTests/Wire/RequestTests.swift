import Testing

@testable import Shared

@Suite("Requests")
struct RequestTests {
    @Test(
        "a line is split into words",
        arguments: [
            ("", []), ("   ", []), ("show channels", ["show", "channels"]),
            ("  a \t b  ", ["a", "b"]), ("\"a b\" c", ["a b", "c"]), ("\"\"", [""]),
            ("a\"b c\"d", ["ab cd"]), (#""\"\\\t\n""#, ["\"\\\t\n"]), (#"a\b"#, [#"a\b"#]),
            ("ä 🙂 \u{85}", ["ä", "🙂", "\u{85}"]), ("e\u{301}\"\"", ["e\u{301}"]),
        ] as [(String, [String])])
    func reads(line: String, words: [String]) throws {
        #expect(try Request(line: Array(line.utf8)).words == words)
    }

    @Test(
        "a line that is none says why",
        arguments: [
            (Array("\"a".utf8), Request.ParseError.unclosedQuote),
            (Array("\"a\\".utf8), .unclosedQuote), (Array("\"\\x\"".utf8), .badEscape("x")),
            ([0x61, 0x01], .controlCharacter(1)), (Array("\"\t\"".utf8), .controlCharacter(9)),
            ([0x7F], .controlCharacter(0x7F)), ([0xFF], .notText), ([0xC3], .notText),
        ])
    func mistakes(line: [UInt8], mistake: Request.ParseError) {
        #expect(throws: mistake) { try Request(line: line) }
        #expect(!mistake.description.isEmpty)
    }

    @Test("what is written is read again", arguments: 0..<300)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let letters: [Unicode.Scalar] = [
            "a", "B", "=", " ", "\t", "\n", "\"", "\\", "t", "n", "ä", "🙂", "\u{301}", ">",
        ]
        let words = (0..<random.next(below: 5)).map { _ in
            var word = String.UnicodeScalarView()
            for _ in 0..<random.next(below: 8) {
                word.append(letters[random.next(below: letters.count)])
            }
            return String(word)
        }
        let request = Request(words: words)
        var reader = LineReader()
        reader.append(Array(request.line.utf8))
        guard case .line(let line)? = reader.next() else {
            Issue.record("no whole line")
            return
        }
        #expect(reader.next() == nil, "a request is one line")
        // Compared as scalars: strings that differ only in normal form are equal.
        let read = try Request(line: line).words
        #expect(read.map { Array($0.unicodeScalars) } == words.map { Array($0.unicodeScalars) })
    }
}

/// A small random source with a seed, so that a failure can be seen again.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
