internal import Shared

/// A regular expression as it is written: POSIX extended ones, with the escapes and groups that most other kinds have too.
///
/// There is nothing in it that needs more than one pass over the text: no references to groups, and no look at what is
/// ahead or behind but `^`, `$`, `\b`, `\B`, `\A` and `\z`.
indirect enum RegexSyntax {
    case set(ScalarSet)
    case assertion(RegexAssertion)
    case sequence([RegexSyntax])
    case alternatives([RegexSyntax])
    case repeated(RegexSyntax, least: Int, most: Int?)

    static let mostBytes = 200
    /// In `{…}`.
    static let mostRepetitions = 255

    init(_ pattern: String) throws(ValueError) {
        guard (1...Self.mostBytes).contains(pattern.utf8.count) else {
            throw ValueError(
                pattern.isEmpty
                    ? "the regular expression is empty"
                    : "the regular expression has more than \(Self.mostBytes) bytes",
                "write 1 to \(Self.mostBytes) bytes")
        }
        var parser = RegexParser(pattern)
        self = try parser.whole()
    }
}

/// A place in the text.
enum RegexAssertion: Sendable {
    case lineStart, lineEnd, textStart, textEnd, wordEdge, noWordEdge

    /// Whether bytes that are still to come can change the answer.
    var looksAhead: Bool { self != .lineStart && self != .textStart }

    func holds(at index: Int, in text: [UInt32]) -> Bool {
        let before = index > 0 ? text[index - 1] : nil
        let after = index < text.count ? text[index] : nil
        switch self {
        case .textStart: return before == nil
        case .textEnd: return after == nil
        case .lineStart:
            // Between CR and LF there is no line.
            return before.map { Self.isNewline($0) && !($0 == 0x0D && after == 0x0A) } ?? true
        case .lineEnd:
            return after.map(Self.isNewline) ?? true
        case .wordEdge, .noWordEdge:
            let isEdge = Self.isWord(before) != Self.isWord(after)
            return isEdge == (self == .wordEdge)
        }
    }

    static func isNewline(_ scalar: UInt32) -> Bool {
        (0x0A...0x0D).contains(scalar) || scalar == 0x85 || scalar == 0x2028 || scalar == 0x2029
    }

    private static func isWord(_ scalar: UInt32?) -> Bool {
        scalar.map { ScalarSet.word.contains($0) } ?? false
    }
}

/// Reads a pattern from left to right.
private struct RegexParser {
    private let pattern: String
    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var ignoresCase = false

    init(_ pattern: String) {
        self.pattern = pattern
        scalars = Array(pattern.unicodeScalars)
    }

    private func mistake(_ problem: String, _ remedy: String) -> ValueError {
        ValueError("invalid regular expression “\(pattern)”: \(problem)", remedy)
    }

    private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func skip(_ text: String) -> Bool {
        guard scalars[place...].starts(with: text.unicodeScalars) else { return false }
        place += text.unicodeScalars.count
        return true
    }

    mutating func whole() throws(ValueError) -> RegexSyntax {
        ignoresCase = skip("(?i)")
        let syntax = try alternatives()
        guard next == nil else {
            throw mistake("“)” without “(”", "write “\\)” for the character")
        }
        return syntax
    }

    private mutating func alternatives() throws(ValueError) -> RegexSyntax {
        var branches = [try sequence()]
        while skip("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(ValueError) -> RegexSyntax {
        var parts: [RegexSyntax] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            parts.append(try repeated(try atom()))
        }
        return .sequence(parts)
    }

    // MARK: One thing

    private mutating func atom() throws(ValueError) -> RegexSyntax {
        guard let scalar = next else { return .sequence([]) }
        place += 1
        switch scalar {
        case "(": return try group()
        case "[": return .set(try bracket())
        case ".": return .set(.notNewline)
        case "^": return .assertion(.lineStart)
        case "$": return .assertion(.lineEnd)
        case "\\": return try escape()
        case "*", "+", "?":
            throw mistake(
                "“\(scalar)” has nothing to repeat", "write “\\\(scalar)” for the character")
        default: return .set(literal(scalar))
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> ScalarSet {
        let set = ScalarSet([scalar.value...scalar.value])
        return ignoresCase ? set.ignoringCase : set
    }

    private mutating func group() throws(ValueError) -> RegexSyntax {
        if skip("?") {
            if skip("<"), next != "=", next != "!" {
                while let scalar = next, scalar != ">" {
                    place += scalar.properties.isAlphabetic || scalar == "_" ? 1 : scalars.count
                }
                _ = skip(">")
            } else if !skip(":") {
                throw mistake(
                    "a group begins with “(?”, which is not supported",
                    "use “(?:…)”, or “(?i)” at the start of the pattern; nothing looks ahead or behind"
                )
            }
        }
        let inner = try alternatives()
        guard skip(")") else {
            throw mistake("“(” is not closed", "write “\\(” for the character")
        }
        return inner
    }

    // MARK: Repetitions

    private mutating func repeated(_ atom: RegexSyntax) throws(ValueError) -> RegexSyntax {
        var syntax = atom
        while let (least, most) = try repetition() {
            // Whether few or many are tried first does not change whether there are any.
            _ = skip("?")
            guard next != "+" else {
                throw mistake(
                    "a repetition that gives nothing back (“+” after another) is not supported",
                    "leave out the “+”")
            }
            syntax = .repeated(syntax, least: least, most: most)
        }
        return syntax
    }

    private mutating func repetition() throws(ValueError) -> (Int, Int?)? {
        if skip("*") { return (0, nil) }
        if skip("+") { return (1, nil) }
        if skip("?") { return (0, 1) }
        let start = place
        guard skip("{") else { return nil }
        let least = number()
        let hasMost = skip(",")
        let most = hasMost ? number() : least
        guard skip("}"), least != nil || most != nil else {
            // A brace that counts nothing is a brace.
            place = start
            return nil
        }
        let counts = [least, most].compactMap(\.self)
        guard counts.allSatisfy({ $0 <= RegexSyntax.mostRepetitions }), least ?? 0 <= most ?? .max
        else {
            throw mistake(
                "invalid repetition",
                "write {LEAST,MOST} with numbers up to \(RegexSyntax.mostRepetitions)")
        }
        return (least ?? 0, most)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar), digits.count < 6 {
            digits.unicodeScalars.append(scalar)
            place += 1
        }
        return Int(digits)
    }

    // MARK: Escapes

    private mutating func escape() throws(ValueError) -> RegexSyntax {
        switch next {
        case "b": place += 1; return .assertion(.wordEdge)
        case "B": place += 1; return .assertion(.noWordEdge)
        case "A": place += 1; return .assertion(.textStart)
        case "z", "Z": place += 1; return .assertion(.textEnd)
        default: return .set(try escapedSet())
        }
    }

    /// What follows a backslash, outside of brackets and within.
    private mutating func escapedSet() throws(ValueError) -> ScalarSet {
        guard let scalar = next else {
            throw mistake("it ends with “\\”", "write “\\\\” for the character")
        }
        place += 1
        switch scalar {
        case "d": return .digit
        case "D": return ScalarSet.digit.inverted
        case "w": return .word
        case "W": return ScalarSet.word.inverted
        case "s": return .space
        case "S": return ScalarSet.space.inverted
        case "t": return literal("\t")
        case "n": return literal("\n")
        case "r": return literal("\r")
        case "f": return literal("\u{C}")
        case "v": return literal("\u{B}")
        case "e": return literal("\u{1B}")
        case "a": return literal("\u{7}")
        case "0": return literal("\0")
        case "x": return literal(try code(digits: 2))
        case "u": return literal(try code(digits: 4))
        case "1"..."9", "k":
            throw mistake("it refers to one of its groups", "write it without a reference")
        case _ where scalar.properties.isAlphabetic:
            throw mistake(
                "unknown escape “\\\(scalar)”", "see “regular expressions” in proxyd.conf(5)")
        default: return literal(scalar)
        }
    }

    /// `HH` or `{H…}`
    private mutating func code(digits count: Int) throws(ValueError) -> Unicode.Scalar {
        let isBraced = skip("{")
        var digits = ""
        while let scalar = next, scalar.properties.isASCIIHexDigit,
            digits.count < (isBraced ? 6 : count)
        {
            digits.unicodeScalars.append(scalar)
            place += 1
        }
        guard isBraced ? skip("}") : digits.count == count,
            let scalar = UInt32(digits, radix: 16).flatMap({ Unicode.Scalar($0) })
        else { throw mistake("invalid code of a character", "write it as in \\x0A") }
        return scalar
    }

    // MARK: Brackets

    private mutating func bracket() throws(ValueError) -> ScalarSet {
        let isInverted = skip("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while let scalar = next, isFirst || scalar != "]" {
            isFirst = false
            let low = try member()
            guard let single = low.single, next == "-", place + 1 < scalars.count,
                scalars[place + 1] != "]"
            else {
                ranges += low.ranges
                continue
            }
            place += 1
            guard let high = try member().single, single <= high else {
                throw mistake("invalid range in brackets", "write the lower character first")
            }
            ranges.append(single...high)
        }
        guard skip("]") else {
            throw mistake("“[” is not closed", "write “\\[” for the character")
        }
        var set = ScalarSet(ranges)
        if ignoresCase { set = set.ignoringCase }
        return isInverted ? set.inverted : set
    }

    private mutating func member() throws(ValueError) -> ScalarSet {
        if skip("[:") {
            for (name, set) in ScalarSet.named where skip(name + ":]") { return set }
            throw mistake(
                "unknown class in brackets",
                "write one of \(ScalarSet.named.map { "[:\($0.name):]" }.joined(separator: " "))")
        }
        if skip("\\") { return try escapedSet() }
        guard let scalar = next else { return ScalarSet([]) }
        place += 1
        return ScalarSet([scalar.value...scalar.value])
    }
}
