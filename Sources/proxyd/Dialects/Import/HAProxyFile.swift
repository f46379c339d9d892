/// A line of an HAProxy configuration file.
struct HAProxyLine: Equatable, Sendable {
    var words: [String]
    /// `FILE:LINE`.
    var place: String

    var text: String { words.joined(separator: " ") }

    /// The word at an index; empty when there are fewer.
    subscript(_ index: Int) -> String { index < words.count ? words[index] : "" }
}

/// `frontend NAME` and the lines below it.
struct HAProxySection: Equatable, Sendable {
    var kind: String
    var name: String
    var place: String
    var lines: [HAProxyLine] = []
    /// Which `defaults` counts here: its index among the sections.
    var defaults: Int?
}

/// Takes an HAProxy configuration file apart, into sections of lines of words.
struct HAProxyFile {
    private(set) var sections: [HAProxySection] = []
    private(set) var remarks: [ForeignRemark] = []

    static let kinds: Set = [
        "global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "userlist",
        "mailers", "program", "cache", "ring", "http-errors", "log-forward", "fcgi-app",
        "crt-store", "log-profile", "traces", "acme",
    ]
    private static let mostLines = 100_000

    /// The last `defaults`, and the last one of each name.
    private var lastDefaults: Int?
    private var defaults: [String: Int] = [:]

    init(
        _ text: String, name: String, in hostEnvironment: HostEnvironment
    ) throws(ImportError) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count <= Self.mostLines else {
            throw ImportError(at: name, "the file has more than \(Self.mostLines) lines")
        }
        for (index, text) in lines.enumerated() {
            let place = "\(name):\(index + 1)"
            var splitter = HAProxyWords(text, place: place, hostEnvironment: hostEnvironment)
            let words = try splitter.words()
            for variable in splitter.missing {
                remarks.append(
                    ForeignRemark(
                        .suspicious, at: place, "$\(variable) is not set, and stands for nothing"))
            }
            guard let first = words.first else { continue }
            try read(HAProxyLine(words: words, place: place), first)
        }
    }

    private mutating func read(_ line: HAProxyLine, _ first: String) throws(ImportError) {
        if first.hasPrefix(".") {
            remarks.append(
                ForeignRemark(
                    .ignored, at: line.place,
                    "\(line.text): conditions are not weighed; what they enclose counts"))
            return
        }
        guard Self.kinds.contains(first) else {
            guard !sections.isEmpty else {
                throw ImportError(
                    at: line.place,
                    "“\(first.prefix(60))” stands in no section; is this an HAProxy file?")
            }
            sections[sections.count - 1].lines.append(line)
            return
        }
        var section = HAProxySection(kind: first, name: line[1], place: line.place)
        if let from = line.words.firstIndex(of: "from"), from + 1 < line.words.count {
            section.defaults = defaults[line.words[from + 1]]
        } else if first != "defaults" {
            section.defaults = lastDefaults
        }
        if first == "defaults" {
            lastDefaults = sections.count
            defaults[section.name] = sections.count
        }
        sections.append(section)
    }
}

/// What cannot be imported at all.
struct ImportError: Error, Equatable {
    var place: String
    var problem: String

    init(at place: String, _ problem: String) {
        self.place = place
        self.problem = problem
    }
}

/// Words as HAProxy splits them: blanks, `\`, `'…'`, `"…"` with variables, and `#`.
struct HAProxyWords {
    private let place: String
    private let hostEnvironment: HostEnvironment
    private var rest: Substring.UnicodeScalarView
    private(set) var missing: [String] = []

    init(_ line: Substring, place: String, hostEnvironment: HostEnvironment) {
        self.place = place
        self.hostEnvironment = hostEnvironment
        rest = line.unicodeScalars
    }

    mutating func words() throws(ImportError) -> [String] {
        var words: [String] = []
        var word = ""
        var isWord = false
        func add(_ text: some StringProtocol) {
            word += text
            isWord = true
        }
        func end() {
            if isWord { words.append(word) }
            (word, isWord) = ("", false)
        }
        while let scalar = rest.popFirst() {
            switch scalar {
            case " ", "\t", "\r": end()
            case "#":
                end()
                return words
            case "\\":
                guard let next = rest.popFirst() else { break }
                add(String(Self.escaped(next)))
            case "'": add(try quoted(until: "'", expands: false))
            case "\"": add(try quoted(until: "\"", expands: true))
            default: add(String(scalar))
            }
        }
        end()
        return words
    }

    private static func escaped(_ scalar: UnicodeScalar) -> Character {
        switch scalar {
        case "n": "\n"
        case "r": "\r"
        case "t": "\t"
        default: Character(scalar)
        }
    }

    private mutating func quoted(
        until quote: UnicodeScalar, expands: Bool
    ) throws(ImportError) -> String {
        var text = ""
        while let scalar = rest.popFirst() {
            if scalar == quote { return text }
            if expands, scalar == "\\", let next = rest.popFirst() {
                text.append(Self.escaped(next))
            } else if expands, scalar == "$" {
                text += variable()
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        throw ImportError(at: place, "the quote is not closed")
    }

    private mutating func variable() -> String {
        let isBraced = rest.first == "{"
        if isBraced { rest.removeFirst() }
        var name = ""
        while let next = rest.first,
            next.properties.isAlphabetic || next == "_" || (0x30...0x39).contains(next.value)
        {
            name.unicodeScalars.append(next)
            rest.removeFirst()
        }
        if isBraced {
            while let next = rest.popFirst() { if next == "}" { break } }
        }
        guard !name.isEmpty else { return "$" }
        if let value = hostEnvironment.variable(name) { return value }
        missing.append(name)
        return ""
    }
}

/// Times as HAProxy has them: milliseconds, unless a unit follows.
enum HAProxyTime {
    static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), number <= 1 << 40 else { return nil }
        switch text.dropFirst(digits.count) {
        case "us": return .milliseconds(Swift.max(number > 0 ? 1 : 0, number / 1000))
        case "", "ms": return .milliseconds(number)
        case "s": return .seconds(number)
        case "m": return .seconds(number * 60)
        case "h": return .seconds(number * 3600)
        case "d": return .seconds(number * 86_400)
        default: return nil
        }
    }
}
