import Testing

@testable import proxytop

@Suite("keys")
struct KeyTests {
    @Test(
        "decoding",
        arguments: [
            (0x61, Key.character("a")), (0x58, .character("X")), (0x20, .character(" ")),
            (0x1B, .escape), (0x0D, .enter), (0x0A, .enter), (0x09, .tab), (0x7F, .backspace),
            (0x08, .backspace), (0x03, .control("c")), (0x04, .control("d")),
            (0x1A, .control("z")), (0xE9, .character("é")), (0x65E5, .character("日")),
            (0xD800, .unknown), (0x11_0000, .unknown), (0xFFFF_FFFF, .unknown),
        ] as [(UInt32, Key)])
    func decode(code: UInt32, key: Key) { #expect(Key(character: code) == key) }

    @Test("no key is given out twice, and every one of the design is there")
    func bindings() {
        for page in Page.allCases {
            let keys = Binding.all.filter { $0.pages.contains(page) }.flatMap(\.keys)
            #expect(Set(keys).count == keys.count)
        }
        let letters = "jkgGhl12345`/nN\\<>io v*_fZ[]{}=waEDXAWMKRuU:yYbcePsr+-t?qQ"
        let given = Set(Binding.all.flatMap(\.keys))
        #expect(Set(letters.unicodeScalars.map { .character($0) }).subtracting(given).isEmpty)
        #expect(Set((1...10).map { .function($0) }).subtracting(given).isEmpty)
    }

    @Test("whatever changes the proxy is a capital letter, but u, which shows what it takes back")
    func capitals() {
        for binding in Binding.all where binding.section == .act && binding.command != .undo {
            for key in binding.keys {
                // An F-key is another name for what a capital letter does: W, a tenth up or down.
                let isAlias =
                    [.lighter, .heavier].contains(binding.command) && key.name.first == "F"
                #expect(isAlias || key.name.count == 1 && key.name == key.name.uppercased())
            }
        }
    }

    @Test("every binding is in the help")
    func help() {
        var stage = Stage.live(columns: 100, rows: 100)
        stage.press(.character("?"))
        for binding in Binding.all { #expect(stage.text.contains(binding.help)) }
        stage.press(.character("q"))
        #expect(stage.model.navigation.page == .channels)
    }

    @Test("a short help scrolls to its end")
    func helpScrolls() {
        var stage = Stage.live(columns: 80, rows: 12)
        stage.press(.function(1))
        #expect(!stage.text.contains("averages over 10 s"))
        stage.press(.character("G"))
        #expect(stage.text.contains("averages over 10 s"))
        stage.press(.character("g"))
        #expect(stage.text.contains("next row"))
    }

    @Test("Ctrl-C quits when pressed twice, not once and not late")
    func interrupt() {
        let quit = Effect.quit(.good, message: nil)
        var stage = Stage.live()
        stage.press(.control("c"))
        #expect(stage.effects.isEmpty)
        stage.pass(milliseconds: 5000)
        stage.press(.control("c"))
        #expect(!stage.effects.contains(quit))
        stage.press(.control("c"))
        #expect(stage.effects.contains(quit))
    }

    @Test("the interval steps through its values and stops at the ends")
    func interval() {
        var stage = Stage.live()
        for _ in 0..<9 { stage.press(.character("+")) }
        #expect(stage.model.connection.intervalMilliseconds == 10_000)
        for _ in 0..<9 { stage.press(.character("-")) }
        #expect(stage.model.connection.intervalMilliseconds == 250)
    }

    @Test("bits are bytes times eight, and the header folds")
    func bits() {
        var stage = Stage.live()
        stage.press(.character("b"))
        #expect(stage.lines[1].hasSuffix("b/s"))
        stage.press(.control("e"))
        #expect(stage.model.arrangement.headerHeight == 1)
    }

    @Test("random keys and sizes never hurt", arguments: 0..<20)
    func fuzz(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var stage = Stage.live()
        let keys =
            Binding.all.flatMap(\.keys) + [.escape, .enter, .backspace, .pasteBegins, .pasteEnds]
        for _ in 0..<200 {
            switch random.next() % 10 {
            case 0:
                let size = Size(
                    columns: Int(random.next() % 200) + 1, rows: Int(random.next() % 60) + 1)
                stage.send(.resized(size))
            case 1: stage.pass(milliseconds: random.next() % 3000)
            case 2: stage.press(.character(Unicode.Scalar(UInt8(random.next() % 95) + 32)))
            case 3 where random.next() % 4 == 0: stage.send(.disconnected(reason: "fuzz"))
            case 4 where !stage.model.connection.link.isLive: stage.send(.connected)
            default: if let key = keys.randomElement(using: &random) { stage.press(key) }
            }
            let grid = stage.model.render(.unicode)
            #expect(grid.size == stage.model.size)
        }
    }
}
