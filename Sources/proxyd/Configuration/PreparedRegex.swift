internal import Shared

/// A regular expression that is ready to be searched for.
struct PreparedRegex: Sendable {
    let pattern: String
    private let program: RegexProgram

    /// Bytes that are searched.
    static let mostBytes = 256

    init(_ pattern: String) throws(ValueError) {
        self.pattern = pattern
        program = try RegexProgram(try RegexSyntax(pattern))
    }

    /// Whether it is found in a beginning, up to a line's end, where each byte is a character; nil: more bytes can change the
    /// answer.
    func isFound(inGrowing bytes: [UInt8]) -> Bool? {
        let subject = bytes.prefix(Self.mostBytes).prefix { $0 != 0x0A }
        let isWhole = subject.count == Self.mostBytes || subject.count < bytes.count
        guard isWhole || !program.looksAhead else { return nil }
        if program.isFound(in: subject.map { UInt32($0) }) { return true }
        return isWhole ? false : nil
    }

    /// Whether it is found in the first `mostBytes`; what is not UTF-8 is matched by `.`.
    func isFound(in bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes.prefix(Self.mostBytes), as: UTF8.self)
        return program.isFound(in: text.unicodeScalars.map(\.value))
    }
}
