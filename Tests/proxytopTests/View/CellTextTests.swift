import Shared
import Testing

@testable import proxytop

@Suite("text in cells")
struct CellTextTests {
    @Test(
        "width per scalar",
        arguments: [
            ("a", 1), ("é", 1), ("日", 2), ("ｆ", 2), ("👍", 2), ("●", 1), ("\u{301}", 0),
            ("\u{200d}", 0),
            ("\u{202e}", 0), ("\u{1b}", 2), ("\u{9b}", 4), ("\u{fe0f}", 0), ("한", 2), ("", 0),
        ])
    func widths(text: String, width: Int) { #expect(CellWidth.of(text) == width) }

    @Test("control characters become visible, writing directions vanish")
    func sanitised() {
        var grid = Grid(size: Size(columns: 20, rows: 1))
        grid.put("\u{1b}[2J\u{202e}x\u{7f}\u{85}", row: 0, column: 0)
        #expect(grid.lines[0].trimmingTrailingBlanks == "^[[2Jx^?\\x85")
    }

    @Test("a wide character that does not fit is left out, and half of one becomes a blank")
    func wide() {
        var grid = Grid(size: Size(columns: 5, rows: 1))
        grid.put("日本語", row: 0, column: 0)
        #expect(grid.lines[0] == "日本 ")
        grid.put("x", row: 0, column: 1)
        #expect(grid.lines[0] == " x本 ")
        grid.put("日", row: 0, column: 1)
        #expect(grid.lines[0] == " 日  ")
    }

    @Test("nothing is drawn outside")
    func clipped() {
        var grid = Grid(size: Size(columns: 3, rows: 2))
        let empty = grid
        grid.put("abc", row: 2, column: 0)
        grid.put("abc", row: -1, column: 0)
        grid.put("abc", row: 0, column: 3)
        grid.fill("x", row: 0, from: 5, to: 9)
        grid.restyle(row: 7) { $0.stale }
        #expect(grid == empty)
    }

    @Test(
        "an address keeps its beginning and its port",
        arguments: [
            ("10.0.1.10:143", 18, "10.0.1.10:143"),
            ("mail-e.example.net:143", 18, "mail-e.ex~.net:143"),
            ("[2001:db8:0:1::15]:143", 12, "[2001:~]:143"), ("日本語の名前:25", 8, "日本~:25"),
            ("abcdef", 2, "ab"), ("abc", 0, ""),
        ])
    func middle(text: String, width: Int, expected: String) {
        let cut = Cutting.middle(text, width: width, .ascii)
        #expect(cut == expected)
        #expect(CellWidth.of(cut) <= max(width, 0))
    }

    @Test(
        "numbers never get wider than their field",
        arguments: [
            (0, 3, "0"), (999, 3, "999"), (1000, 3, "1k"), (12_345, 5, "12345"),
            (123_456, 5, "123k"), (1_920_000, 6, "1.92M"), (UInt64.max, 6, "18.4E"),
        ])
    func counts(value: UInt64, width: Int, expected: String) {
        #expect(NumberText.count(value, width: width) == expected)
        for field in 3...8 { #expect(NumberText.count(value, width: field).utf8.count <= field) }
    }

    @Test("CSV fields are quoted when they must be")
    func csv() {
        #expect(PlainText.csvField("a b") == "a b")
        #expect(PlainText.csvField("a,\"b\"") == "\"a,\"\"b\"\"\"")
    }

    @Test("JSON text is quoted")
    func json() {
        #expect(JSONString.quoted("a\"\\\n\u{1}é") == "\"a\\\"\\\\\\n\\u0001é\"")
    }

    @Test(
        "the glyph set follows the character set and the terminal",
        arguments: [
            (true, "xterm-256color", .unicode), (false, "xterm", .ascii),
            (true, "linux", .ascii), (true, "vt220", .ascii), (true, nil, .unicode),
        ] as [(Bool, String?, Glyphs)])
    func glyphs(isUTF8: Bool, terminal: String?, expected: Glyphs) {
        #expect(
            Glyphs.automatic(isUTF8: isUTF8, isWide: false, terminal: terminal) == expected)
        #expect(Glyphs.automatic(isUTF8: isUTF8, isWide: true, terminal: terminal) == .ascii)
    }

    @Test(
        "signs of two cells are known by what terminals and libraries really look at",
        arguments: [
            (1, [:], false), (2, [:], true),
            (1, ["LANG": "ja_JP.UTF-8"], false), (1, ["LANG": "ja_JP.UTF-8@cjkwide"], true),
            (2, ["LC_ALL": "zh_TW.utf8@cjknarrow"], false),
            (1, ["LANG": "ja_JP.UTF-8@cjkwide", "LC_ALL": "C.UTF-8"], false),
            (1, ["LC_ALL": "", "LANG": "ja_JP.UTF-8@cjkwide"], true),
            (1, ["VTE_CJK_WIDTH": "wide"], true), (1, ["VTE_CJK_WIDTH": "1"], true),
            (1, ["VTE_CJK_WIDTH": "narrow", "LANG": "ja_JP.UTF-8"], false),
            (1, ["VTE_CJK_WIDTH": "auto", "LANG": "ko_KR.UTF-8"], true),
            (1, ["VTE_CJK_WIDTH": "auto", "LANG": "de_DE.UTF-8"], false),
            (1, ["RUNEWIDTH_EASTASIAN": "1"], true), (1, ["RUNEWIDTH_EASTASIAN": "0"], false),
        ] as [(Int, [String: String], Bool)])
    func ambiguous(cells: Int, environment: [String: String], isWide: Bool) {
        #expect(AmbiguousWidth.isWide(cells: cells) { environment[$0] } == isWide)
    }

    @Test(
        "where there is no room whole parts go, the least important first, and then it is cut",
        arguments: [
            (40, "mail/0/3 refused, down since 02:36, by x"),
            (39, "mail/0/3 refused, down since 02:36"),
            (34, "mail/0/3 refused, down since 02:36"), (33, "mail/0/3 refused"),
            (16, "mail/0/3 refused"), (10, "mail/0/3 ~"), (0, ""),
        ])
    func clauses(width: Int, text: String) {
        var clauses = Clauses("mail/0/3 refused")
        clauses.add(", down since 02:36", drop: 1)
        clauses.add(", by x", drop: 0)
        #expect(clauses.text(width: width, .ascii) == text)
    }
}
