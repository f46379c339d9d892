internal import Shared

/// The words of a tcprelay configuration file, one after the other: with those of included files in
/// their place, and those that an alias stands for.
struct TcprelayReader {
    private enum Source {
        case file(TcprelayLexer)
        case tokens(ArraySlice<TcprelayToken>)
    }

    /// The one that is looked at.
    private(set) var token: TcprelayToken
    private(set) var remarks: [ForeignRemark] = []
    private var sources: [Source]
    private var aliases: [String: [TcprelayToken]] = [:]
    /// By `setenv`, which wins over the real environment.
    private var environment: [String: String] = [:]
    private let hostEnvironment: HostEnvironment
    /// `$CONFDIR`.
    private let folder: String
    /// An alias may hold aliases: at most so many words.
    private var budget = 1_000_000

    init(
        _ text: String, file: String, in hostEnvironment: HostEnvironment
    ) throws(TcprelayError) {
        token = TcprelayToken(kind: .end, text: "", file: file, line: 1)
        sources = [.file(TcprelayLexer(text, file: file))]
        self.hostEnvironment = hostEnvironment
        folder = file.folderOfPath
        try advance()
    }

    mutating func remark(
        _ kind: ForeignRemark.Kind, at place: String? = nil, _ text: String
    ) {
        remarks.append(ForeignRemark(kind, at: place ?? token.place, text))
    }

    /// Files in files, and aliases in aliases.
    private static let deepest = 32

    // MARK: Going on

    mutating func advance() throws(TcprelayError) {
        while true {
            let next = try raw()
            guard next.kind == .word, let meaning = aliases[next.text] else {
                token = next
                return
            }
            guard sources.count < Self.deepest else {
                throw TcprelayError(
                    at: next.place, "Expected no more aliases in aliases, but got '\(next.shown)'.")
            }
            sources.append(.tokens(meaning[...]))
        }
    }

    /// The next word as it is written; what has come to its end is left for what it stands in.
    private mutating func raw() throws(TcprelayError) -> TcprelayToken {
        budget -= 1
        guard budget > 0 else {
            throw TcprelayError(at: token.place, "Expected at most a million words.")
        }
        while let source = sources.last {
            switch source {
            case .tokens(let rest):
                if let next = rest.first {
                    sources[sources.count - 1] = .tokens(rest.dropFirst())
                    return next
                }
                sources.removeLast()
            case .file(var lexer):
                let known = lexer.missing.count
                // Two owners of its bytes would have them copied with every word.
                sources.removeLast()
                let next = try lexer.next { name in
                    environment[name] ?? hostEnvironment.variable(name)
                }
                for unset in lexer.missing.dropFirst(known) {
                    remark(
                        .suspicious, at: unset.place,
                        "${\(unset.name)} is not set, and stands for nothing")
                }
                sources.append(.file(lexer))
                guard next.kind == .end, sources.count > 1 else { return next }
                sources.removeLast()
            }
        }
        return TcprelayToken(kind: .end, text: "", file: token.file, line: token.line)
    }

    // MARK: Taking

    func isAt(_ word: String) -> Bool { token.isPlain(word) }

    /// Whether the word was there, and is passed.
    mutating func consume(_ word: String) throws(TcprelayError) -> Bool {
        guard isAt(word) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ word: String) throws(TcprelayError) {
        guard try consume(word) else { throw TcprelayError(expected: [word], butGot: token) }
    }

    /// The documents leave it out here and there.
    mutating func skipEqual() throws(TcprelayError) { _ = try consume("=") }

    /// One of these words.
    mutating func choice(_ words: [String]) throws(TcprelayError) -> String {
        guard token.kind == .word, words.contains(token.text) else {
            throw TcprelayError(expected: words, butGot: token)
        }
        let word = token.text
        try advance()
        return word
    }

    /// A word or a text in quotes.
    mutating func text(_ noun: String) throws(TcprelayError) -> TcprelayValue<String> {
        guard token.kind == .word || token.kind == .quoted else {
            throw TcprelayError(expected: noun, butGot: token)
        }
        let value = TcprelayValue(token.text, at: token.place)
        try advance()
        return value
    }

    /// `= TEXT`.
    mutating func equalText(_ noun: String) throws(TcprelayError) -> TcprelayValue<String> {
        try skipEqual()
        return try text(noun)
    }

    /// `= yes`, `permit`, `true`, or their opposites.
    mutating func equalFlag() throws(TcprelayError) -> Bool {
        try skipEqual()
        let words = ["yes", "no", "permit", "deny", "true", "false"]
        return ["yes", "permit", "true"].contains(try choice(words))
    }

    /// `= N`, decimal or 0x…, with k, m and g for powers of 1024.
    mutating func equalNumber(
        in range: ClosedRange<Int> = 0...Int(Int32.max)
    ) throws(TcprelayError) -> TcprelayValue<Int> {
        try skipEqual()
        let number = TcprelayNumber(token.text)
        guard token.kind == .word, let number, range.contains(number.value) else {
            let noun =
                number == nil
                ? "an integer" : "an integer from \(range.lowerBound) to \(range.upperBound)"
            throw TcprelayError(expected: noun, butGot: token)
        }
        if number.hasUnit {
            remark(
                .suspicious,
                "\(token.text) is \(number.value): k, m and g are powers of 1024 here, of times as well"
            )
        }
        let value = TcprelayValue(number.value, at: token.place)
        try advance()
        return value
    }

    // MARK: What the top level has

    mutating func setVariable() throws(TcprelayError) {
        let name = try text("a variable").value
        let value = try equalText("a value")
        environment[name] = value.value
        if name == "IO_POLL_MECHANISM" {
            remark(
                .ignored, at: value.place,
                "IO_POLL_MECHANISM = \(value.value) has no effect: epoll is used")
        }
    }

    /// `alias NAME { … }`: the words between the braces.
    mutating func defineAlias() throws(TcprelayError) {
        let name = try text("a name")
        try skipEqual()
        guard isAt("{") else { throw TcprelayError(expected: ["{"], butGot: token) }
        var words: [TcprelayToken] = []
        var depth = 1
        while true {
            let next = try raw()
            if next.kind == .end {
                token = next
                throw TcprelayError(expected: ["}"], butGot: next)
            }
            if next.isPlain("{") { depth += 1 }
            if next.isPlain("}") { depth -= 1 }
            guard depth > 0 else { break }
            words.append(next)
        }
        if words.contains(where: { $0.kind == .word && $0.text == name.value }) {
            throw TcprelayError(
                at: name.place, "Expected other words, but got '\(name.value)' in itself.")
        }
        aliases[name.value] = words
        try advance()
    }

    /// Passes a section by its braces; nothing in it has to make sense.
    mutating func skipBraces() throws(TcprelayError) {
        var depth = 0
        repeat {
            if token.kind == .end { throw TcprelayError(expected: ["}"], butGot: token) }
            if isAt("{") { depth += 1 }
            if isAt("}") { depth -= 1 }
            token = try raw()
        } while depth > 0
    }

    mutating func include() throws(TcprelayError) {
        try skipEqual()
        guard token.kind == .word || token.kind == .quoted else {
            throw TcprelayError(expected: "a file", butGot: token)
        }
        let pattern = token
        var path = pattern.text
        if path.hasPrefix("$CONFDIR/") { path = folder + path.dropFirst("$CONFDIR".count) }
        guard sources.count < Self.deepest else {
            throw TcprelayError(
                at: pattern.place,
                "Expected at most \(Self.deepest) files in files, but got '\(pattern.shown)'."
            )
        }
        var paths = hostEnvironment.files(path)
        if paths.isEmpty, !path.contains(where: { "*?[".contains($0) }) { paths = [path] }
        if paths.isEmpty { remark(.suspicious, "no file is named \(path)") }
        for path in paths.reversed() {
            switch hostEnvironment.file(path) {
            case .success(let text): sources.append(.file(TcprelayLexer(text, file: path)))
            case .failure(let error):
                throw TcprelayError(
                    at: pattern.place, "\(path): \(error.reason)", status: .noInput)
            }
        }
        try advance()
    }
}

/// An integer as tcprelay has it.
struct TcprelayNumber: Equatable {
    var value: Int
    var hasUnit: Bool

    init?(_ text: String) {
        var digits = Substring(text)
        let isNegative = digits.hasPrefix("-")
        if isNegative || digits.hasPrefix("+") { digits = digits.dropFirst() }
        let isHex = digits.hasPrefix("0x") || digits.hasPrefix("0X")
        if isHex { digits = digits.dropFirst(2) }
        var factor = 1
        switch digits.last {
        case "k", "K": factor = 1 << 10
        case "m", "M": factor = 1 << 20
        case "g", "G": factor = 1 << 30
        default: break
        }
        hasUnit = factor > 1
        if hasUnit { digits = digits.dropLast() }
        let isNumeric =
            !digits.isEmpty
            && digits.utf8.allSatisfy {
                Character(UnicodeScalar($0)).isHexDigit && (isHex || (0x30...0x39).contains($0))
            }
        guard isNumeric, let number = Int(digits, radix: isHex ? 16 : 10) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        value = isNegative ? -product : product
    }
}
