/// A directive of nginx: its words, and what stands in its braces.
struct NginxDirective: Equatable, Sendable {
    var words: [String]
    /// `FILE:LINE`.
    var place: String
    var block: [NginxDirective]?

    var name: String { words.first ?? "" }

    subscript(_ index: Int) -> String { index < words.count ? words[index] : "" }

    var text: String { words.joined(separator: " ") + (block == nil ? ";" : " { … }") }

    /// The value of `name=value`.
    func value(of name: String) -> String? {
        words.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.utf8.count + 1)) }
    }
}

/// Takes an nginx configuration file apart, with the files that it includes.
struct NginxFile {
    private let hostEnvironment: HostEnvironment
    private let folder: String
    private(set) var remarks: [ForeignRemark] = []
    private var depth = 0
    private var budget = 1_000_000

    // Of the file that is being read.
    private var file = ""
    private var bytes: [UInt8] = []
    private var position = 0
    private var line = 1

    private static let deepest = 16

    init(in hostEnvironment: HostEnvironment, folder: String) {
        self.hostEnvironment = hostEnvironment
        self.folder = folder
    }

    mutating func read(_ text: String, name: String) throws(ImportError) -> [NginxDirective] {
        let outer = (file, bytes, position, line)
        (file, bytes, position, line) = (name, Array(text.utf8), 0, 1)
        let directives = try directives(untilBrace: false)
        (file, bytes, position, line) = outer
        return directives
    }

    private enum Word {
        case text(String)
        case semicolon, open, close, end
    }

    private func mistake(_ problem: String) -> ImportError {
        ImportError(at: "\(file):\(line)", problem)
    }

    private mutating func directives(untilBrace: Bool) throws(ImportError) -> [NginxDirective] {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw mistake("blocks or files are nested too deep") }
        var found: [NginxDirective] = []
        var words: [String] = []
        var first = line
        while true {
            budget -= 1
            guard budget > 0 else { throw mistake("the files have more than a million words") }
            switch try next() {
            case .text(let text):
                if words.isEmpty { first = line }
                words.append(text)
            case .semicolon:
                guard !words.isEmpty else { throw mistake("unexpected “;”") }
                let directive = NginxDirective(words: words, place: "\(file):\(first)")
                words = []
                if directive.name == "include" {
                    found += try include(directive)
                } else {
                    found.append(directive)
                }
            case .open:
                guard !words.isEmpty else { throw mistake("unexpected “{”") }
                let place = "\(file):\(first)"
                let block = try directives(untilBrace: true)
                found.append(NginxDirective(words: words, place: place, block: block))
                words = []
            case .close:
                guard untilBrace, words.isEmpty else { throw mistake("unexpected “}”") }
                return found
            case .end:
                guard !untilBrace, words.isEmpty else {
                    throw mistake("the file ends, and “\(untilBrace ? "}" : ";")” is missing")
                }
                return found
            }
        }
    }

    private mutating func next() throws(ImportError) -> Word {
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "#") {
                while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
                    position += 1
                }
            } else if byte <= 0x20 {
                if byte == UInt8(ascii: "\n") { line += 1 }
                position += 1
            } else {
                break
            }
        }
        guard position < bytes.count else { return .end }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: ";"): return .semicolon
        case UInt8(ascii: "{"): return .open
        case UInt8(ascii: "}"): return .close
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .text(try quoted(by: byte))
        default: break
        }
        position -= 1
        var word: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            // `${NAME}` is part of a word.
            if byte == UInt8(ascii: "{"), word.last == UInt8(ascii: "$"),
                let close = endOfName(behind: position)
            {
                word += bytes[position...close]
                position = close + 1
                continue
            }
            if byte <= 0x20 || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "{") { break }
            if byte == UInt8(ascii: "\\"), position + 1 < bytes.count {
                word += Self.escaped(bytes[position + 1])
                position += 2
                continue
            }
            word.append(byte)
            position += 1
        }
        return .text(String(decoding: word, as: UTF8.self))
    }

    /// The `}` of `${NAME}`, if it is one: a brace far below is another one's.
    private func endOfName(behind brace: Int) -> Int? {
        let end = bytes[(brace + 1)...].firstIndex {
            !((0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                || (0x61...0x7A).contains($0) || $0 == 0x5F)
        }
        return end.flatMap { bytes[$0] == UInt8(ascii: "}") ? $0 : nil }
    }

    /// What stands behind a backslash; that of a regular expression stays.
    private static func escaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): [byte]
        case UInt8(ascii: "t"): [0x09]
        case UInt8(ascii: "r"): [0x0D]
        case UInt8(ascii: "n"): [0x0A]
        default: [UInt8(ascii: "\\"), byte]
        }
    }

    private mutating func quoted(by quote: UInt8) throws(ImportError) -> String {
        let first = line
        var text: [UInt8] = []
        while position < bytes.count, bytes[position] != quote {
            if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count {
                if bytes[position + 1] == UInt8(ascii: "\n") { line += 1 }
                text += Self.escaped(bytes[position + 1])
                position += 2
                continue
            }
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            text.append(bytes[position])
            position += 1
        }
        guard position < bytes.count else {
            throw ImportError(at: "\(file):\(first)", "the quote that begins here is not closed")
        }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func include(
        _ directive: NginxDirective
    ) throws(ImportError) -> [NginxDirective] {
        let pattern = directive[1]
        let path = pattern.hasPrefix("/") ? pattern : "\(folder)/\(pattern)"
        let isPattern = path.contains { "*?[".contains($0) }
        let paths = hostEnvironment.files(path)
        guard !paths.isEmpty else {
            let text = "no file is named \(path)"
            guard isPattern else { throw ImportError(at: directive.place, text) }
            remarks.append(ForeignRemark(.suspicious, at: directive.place, text))
            return []
        }
        var found: [NginxDirective] = []
        for path in paths {
            switch hostEnvironment.file(path) {
            case .success(let text): found += try read(text, name: path)
            case .failure(let error):
                throw ImportError(at: directive.place, "\(path): \(error.reason)")
            }
        }
        return found
    }
}

/// Times as nginx has them: seconds, unless a unit follows; several may stand together.
enum NginxTime {
    static func duration(_ text: String) -> Duration? {
        var rest = Substring(text)
        var sum = Duration.zero
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), number <= 1 << 32 else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count).drop { $0 == " " }
            switch unit {
            case "ms": sum += .milliseconds(number)
            case "", "s": sum += .seconds(number)
            case "m": sum += .seconds(number * 60)
            case "h": sum += .seconds(number * 3600)
            case "d": sum += .seconds(number * 86_400)
            case "w": sum += .seconds(number * 604_800)
            case "M": sum += .seconds(number * 2_592_000)
            case "y": sum += .seconds(number * 31_536_000)
            default: return nil
            }
        }
        return sum
    }
}
