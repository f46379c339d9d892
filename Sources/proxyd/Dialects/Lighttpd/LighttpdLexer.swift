/// A word of lighttpd's configuration language.
struct LighttpdToken: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case word, text, number
        /// `= += := == != =~ !~ => + ( ) { } [ ] , $`
        case symbol
        /// Ends a directive, unless a parenthesis is open.
        case newline
        case end
    }

    var kind: Kind
    var text: String
    var line: Int
}

/// Takes a lighttpd configuration file apart.
struct LighttpdLexer {
    private let file: String
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    private static let symbols = ["+=", ":=", "==", "!=", "=~", "!~", "=>", "=^", "=$"]
        .map { Array($0.utf8) }
    private static let characters = Set("=+(){}[],$".utf8)

    init(_ text: String, file: String) {
        self.file = file
        bytes = Array(text.utf8)
    }

    /// Every word, with one that says that the file ends.
    static func tokens(
        of text: String, file: String
    ) throws(LighttpdError) -> [LighttpdToken] {
        var lexer = LighttpdLexer(text, file: file)
        var tokens: [LighttpdToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private func mistake(_ problem: String) -> LighttpdError {
        LighttpdError(at: "\(file):\(line)", problem)
    }

    private mutating func next() throws(LighttpdError) -> LighttpdToken {
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "#") {
                while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
                    position += 1
                }
            } else if byte == UInt8(ascii: "\n") {
                position += 1
                line += 1
                return LighttpdToken(kind: .newline, text: "\n", line: line - 1)
            } else if byte <= 0x20 {
                position += 1
            } else {
                break
            }
        }
        guard position < bytes.count else { return LighttpdToken(kind: .end, text: "", line: line) }
        let byte = bytes[position]
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return try quoted(by: byte) }
        for symbol in Self.symbols where bytes[position...].starts(with: symbol) {
            position += symbol.count
            return LighttpdToken(
                kind: .symbol, text: String(decoding: symbol, as: UTF8.self), line: line)
        }
        if Self.characters.contains(byte) {
            position += 1
            return LighttpdToken(kind: .symbol, text: String(UnicodeScalar(byte)), line: line)
        }
        let run = bytes[position...].prefix { Self.isWord($0) }
        guard !run.isEmpty else {
            throw mistake("unexpected character “\(UnicodeScalar(byte))”; put texts in quotes")
        }
        position += run.count
        let word = String(decoding: run, as: UTF8.self)
        let isNumber = run.allSatisfy { (0x30...0x39).contains($0) }
        return LighttpdToken(kind: isNumber ? .number : .word, text: word, line: line)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private mutating func quoted(by quote: UInt8) throws(LighttpdError) -> LighttpdToken {
        let first = line
        var text: [UInt8] = []
        position += 1
        while position < bytes.count, bytes[position] != quote {
            var byte = bytes[position]
            if byte == UInt8(ascii: "\\"), position + 1 < bytes.count {
                position += 1
                byte = bytes[position]
                switch byte {
                case UInt8(ascii: "n"): byte = 10
                case UInt8(ascii: "r"): byte = 13
                case UInt8(ascii: "t"): byte = 9
                case quote, UInt8(ascii: "\\"): break
                default: text.append(UInt8(ascii: "\\"))
                }
            }
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            text.append(byte)
            position += 1
        }
        guard position < bytes.count else {
            throw LighttpdError(
                at: "\(file):\(first)", "the quote that begins here is not closed")
        }
        position += 1
        return LighttpdToken(
            kind: .text, text: String(decoding: text, as: UTF8.self), line: first)
    }
}
