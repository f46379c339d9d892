/// One line of the control protocol towards the daemon: words, some of them quoted.
package struct Request: Equatable, Sendable {
    /// Architecture §7: 64 KiB with the LF.
    package static let longestLine = 65_535

    package var words: [String]

    package init(words: [String]) { self.words = words }

    package enum ParseError: Error, Equatable, CustomStringConvertible {
        case notText
        case unclosedQuote
        case badEscape(String)
        case controlCharacter(UInt8)

        package var description: String {
            switch self {
            case .notText: "the line is not UTF-8 text"
            case .unclosedQuote: "a quote is opened and not closed"
            case .badEscape(let text): "“\\\(text)” is not an escape (\\\" \\\\ \\t \\n are)"
            case .controlCharacter(let byte):
                "byte 0x\(String(byte, radix: 16)) in the line; leave it out"
            }
        }
    }

    /// Splits a line at spaces and tabs; `"…"` keeps them, with `\"`, `\\`, `\t` and `\n` inside.
    package init(line: [UInt8]) throws(ParseError) {
        guard let text = String(validating: line, as: UTF8.self) else { throw .notText }
        var words: [String] = []
        var word: String?
        var scalars = text.unicodeScalars.makeIterator()
        var isQuoted = false
        while let scalar = scalars.next() {
            switch scalar {
            case "\"":
                isQuoted.toggle()
                word = word ?? ""
            case "\\" where isQuoted:
                guard let next = scalars.next() else { throw .unclosedQuote }
                guard let plain = Escape.unescaped(next) else { throw .badEscape(String(next)) }
                word = (word ?? "") + String(plain)
            case " " where !isQuoted, "\t" where !isQuoted:
                if let whole = word { words.append(whole) }
                word = nil
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                throw .controlCharacter(UInt8(scalar.value))
            default:
                word = word ?? ""
                word?.unicodeScalars.append(scalar)
            }
        }
        guard !isQuoted else { throw .unclosedQuote }
        if let word { words.append(word) }
        self.words = words
    }

    /// The line as it goes over the socket, with its LF.
    package var line: String { words.map(Self.quoted).joined(separator: " ") + "\n" }

    /// A word as it is written in a line: quoted when it must be.
    package static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0.value != 0x7F }
        guard !isPlain else { return word }
        var text = "\""
        for scalar in word.unicodeScalars {
            if scalar == "\"" { text += "\\\"" } else { text += Escape.escaped(scalar) }
        }
        return text + "\""
    }
}
