/// Takes a tcprelay configuration file apart. Newlines have no meaning, `#` begins a comment, and texts
/// in quotes have the escapes of C and `${VARIABLE}`.
struct TcprelayLexer {
    let file: String
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    /// Variables that were asked for and are not set.
    private(set) var missing: [(name: String, place: String)] = []

    static let symbols = Set("={}()[],!&|".utf8)

    init(_ text: String, file: String) {
        self.file = file
        bytes = Array(text.utf8)
    }

    mutating func next(
        _ variable: (String) -> String?
    ) throws(TcprelayError) -> TcprelayToken {
        skipBlanks()
        guard let byte = peek else { return token(.end, "") }
        if Self.symbols.contains(byte) {
            advance()
            return token(.symbol, String(UnicodeScalar(byte)))
        }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            return try quoted(by: byte, variable)
        }
        let start = position
        while let byte = peek, !isBlank(byte), !Self.symbols.contains(byte) { advance() }
        return token(.word, String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func advance() {
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == 0x7F }

    private mutating func skipBlanks() {
        while let byte = peek {
            if byte == UInt8(ascii: "#") {
                while let byte = peek, byte != UInt8(ascii: "\n") { advance() }
            } else if isBlank(byte) {
                advance()
            } else {
                return
            }
        }
    }

    private func token(
        _ kind: TcprelayToken.Kind, _ text: String, line: Int? = nil
    ) -> TcprelayToken {
        TcprelayToken(kind: kind, text: text, file: file, line: line ?? self.line)
    }

    // MARK: Quotes

    private mutating func quoted(
        by quote: UInt8, _ value: (String) -> String?
    ) throws(TcprelayError) -> TcprelayToken {
        let first = line
        var text: [UInt8] = []
        advance()
        while let byte = peek {
            if byte == quote {
                advance()
                return token(.quoted, String(decoding: text, as: UTF8.self), line: first)
            }
            if byte == UInt8(ascii: "\\") {
                advance()
                text.append(try escape())
            } else if byte == UInt8(ascii: "$"), let name = variableName() {
                if let value = value(name) {
                    text += Array(value.utf8)
                } else {
                    missing.append((name, "\(file):\(line)"))
                }
            } else {
                text.append(byte)
                advance()
            }
        }
        throw TcprelayError(
            at: "\(file):\(first)",
            "Expected the quote that closes this text, but got 'end of file'.")
    }

    /// The byte that stands for what follows a backslash.
    private mutating func escape() throws(TcprelayError) -> UInt8 {
        guard let byte = peek else {
            throw TcprelayError(
                at: "\(file):\(line)", "Expected a character behind '\\', but got 'end of file'.")
        }
        if byte == UInt8(ascii: "x") {
            advance()
            return number(radix: 16, digits: 2) ?? UInt8(ascii: "x")
        }
        if let value = number(radix: 8, digits: 3) { return value }
        advance()
        switch byte {
        case UInt8(ascii: "a"): return 7
        case UInt8(ascii: "b"): return 8
        case UInt8(ascii: "t"): return 9
        case UInt8(ascii: "n"): return 10
        case UInt8(ascii: "v"): return 11
        case UInt8(ascii: "f"): return 12
        case UInt8(ascii: "r"): return 13
        default: return byte
        }
    }

    private mutating func number(radix: Int, digits: Int) -> UInt8? {
        let rest = bytes[position...].prefix(digits)
        let run = rest.prefix {
            Character(UnicodeScalar($0)).hexDigitValue.map { $0 < radix } ?? false
        }
        guard !run.isEmpty, let text = String(validating: run, as: UTF8.self),
            let value = Int(text, radix: radix)
        else { return nil }
        position += run.count
        return UInt8(truncatingIfNeeded: value)
    }

    /// The name in `${NAME}`, which is then passed; nil: something else.
    private mutating func variableName() -> String? {
        guard position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "{"),
            // Not the next brace that there is: it may be far below, and looked for again and again.
            let close = bytes[(position + 2)...].firstIndex(where: {
                !((0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                    || (0x61...0x7A).contains($0) || $0 == 0x5F)
            }), bytes[close] == UInt8(ascii: "}"), close > position + 2
        else { return nil }
        let name = bytes[(position + 2)..<close]
        position = close + 1
        return String(decoding: name, as: UTF8.self)
    }
}
