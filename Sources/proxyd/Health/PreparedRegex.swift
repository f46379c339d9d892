/// A regular expression that was judged and is ready to be searched.
struct PreparedRegex: @unchecked Sendable {
    let pattern: String
    // Never changed and only read, by the one thread that probes; `Regex` is not marked `Sendable`.
    private let regex: Regex<AnyRegexOutput>

    /// Bytes that are searched: matching may take the third power of their number.
    static let mostBytes = 256

    init(_ pattern: String) throws(ValueMistake) {
        try RegexGuard.judge(pattern)
        do {
            regex = try Regex(pattern).anchorsMatchLineEndings()
        } catch {
            throw ValueMistake(
                "“\(pattern)” is no regular expression", "see Swift's Regex for what is known")
        }
        self.pattern = pattern
    }

    /// Whether it is found in the first `mostBytes`; what is not UTF-8 is matched by `.`.
    func isFound(in bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes.prefix(Self.mostBytes), as: UTF8.self)
        return (try? regex.firstMatch(in: text)) != nil
    }
}
