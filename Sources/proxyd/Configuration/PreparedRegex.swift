/// A regular expression that was judged and is ready to be searched.
struct PreparedRegex: @unchecked Sendable {
    let pattern: String
    // Never changed: it is compiled in `init`, and then only read. `Regex` is not marked `Sendable`.
    private let regex: Regex<AnyRegexOutput>

    /// Bytes that are searched: matching may take the third power of their number.
    static let mostBytes = 256

    init(_ pattern: String) throws(ValueError) {
        try RegexGuard.judge(pattern)
        do {
            regex = try Regex(pattern).anchorsMatchLineEndings()
            // The first search compiles it.
            _ = try regex.firstMatch(in: "")
        } catch {
            throw ValueError(
                "invalid regular expression “\(pattern)”", "see Swift's Regex for what is known")
        }
        self.pattern = pattern
    }

    /// The same for what is still to grow: bytes are scalars, so that what was found in a beginning is found
    /// in the whole.
    init(growing pattern: String) throws(ValueError) {
        let judged = try PreparedRegex(pattern)
        self = PreparedRegex(pattern, judged.regex.matchingSemantics(.unicodeScalar))
    }

    private init(_ pattern: String, _ regex: Regex<AnyRegexOutput>) {
        self.pattern = pattern
        self.regex = regex
        _ = try? regex.firstMatch(in: "")
    }

    /// Whether more bytes could undo what was found: it asks what comes behind.
    var looksAhead: Bool {
        pattern.contains("$") || pattern.contains("(?") || pattern.contains("\\b")
            || pattern.contains("\\B") || pattern.contains("\\z") || pattern.contains("\\Z")
            || pattern.contains("\\y") || pattern.contains("\\Y")
    }

    /// Whether it is found in a beginning, up to a line's end; nil: that is not sure yet.
    func isFound(inGrowing bytes: [UInt8]) -> Bool? {
        let subject = bytes.prefix(Self.mostBytes).prefix { $0 != 0x0A }
        let isWhole = subject.count == Self.mostBytes || subject.count < bytes.count
        guard isWhole || !looksAhead else { return nil }
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: subject.map { Unicode.Scalar($0) })
        if (try? regex.firstMatch(in: String(scalars))) != nil { return true }
        return isWhole ? false : nil
    }

    /// Whether it is found in the first `mostBytes`; what is not UTF-8 is matched by `.`.
    func isFound(in bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes.prefix(Self.mostBytes), as: UTF8.self)
        return (try? regex.firstMatch(in: text)) != nil
    }
}
