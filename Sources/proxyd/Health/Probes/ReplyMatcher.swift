/// A reply as SMTP and FTP give it (RFC 5321 4.2.1, RFC 959 4.2): a code of three digits, and text. `220-` says that more lines
/// follow, up to one that begins with `220 `.
///
/// It is there when its last line is: who speaks earlier is taken for a spammer by a server that greets slowly (Postfix's
/// postscreen).
struct ReplyMatcher: Equatable, Sendable {
    let expected: [UInt8]
    private let everyLineHasCode: Bool

    private static let dash = UInt8(ascii: "-")
    private static let space = UInt8(ascii: " ")

    /// nil: the text does not begin with a code.
    init?(_ expected: [UInt8], everyLineHasCode: Bool = false) {
        guard expected.count >= 3, expected[..<3].allSatisfy({ (0x30...0x39).contains($0) }),
            expected.count == 3 || expected[3] == Self.space || expected[3] == Self.dash
        else { return nil }
        self.expected = expected
        self.everyLineHasCode = everyLineHasCode
    }

    func match(_ received: [UInt8]) -> StepExchange.Match {
        guard received.starts(with: expected.prefix(3).prefix(received.count)) else { return .no }
        var start = received.startIndex
        var isGood = false
        var isFirst = true
        while let end = received[start...].firstIndex(of: 0x0A) {
            let line = received[start..<end]
            let hasCode = line.starts(with: expected.prefix(3))
            if everyLineHasCode, !hasCode { return .no }
            let goesOn = isFirst ? isDashed(line) : !hasCode || isDashed(line)
            if isFirst || !goesOn { isGood = isGood || begins(line) }
            start = end + 1
            if !goesOn {
                return isGood ? .yes(consumed: start, leavesLine: false) : .no
            }
            isFirst = false
        }
        return isFirst && isHopeless(received) ? .no : .undecided
    }

    private func isDashed(_ line: ArraySlice<UInt8>) -> Bool {
        line.count > 3 && line[line.startIndex + 3] == Self.dash
    }

    /// Whether the line begins with what is expected, a dash being as good as a space.
    private func begins(_ line: ArraySlice<UInt8>) -> Bool {
        var text = expected[...]
        while let last = text.last, last == 0x0A || last == 0x0D { text.removeLast() }
        // A code alone may do without the space behind it.
        if text.count == 4, text.last == Self.space { text.removeLast() }
        guard line.count >= text.count else { return false }
        return zip(line, text).enumerated().allSatisfy { place, bytes in
            bytes.0 == bytes.1
                || place == 3 && bytes.0 == Self.dash && bytes.1 == Self.space
                || place == 3 && bytes.0 == Self.space && bytes.1 == Self.dash
        }
    }

    /// Whether the first line is the only one of its reply and already differs from what is expected.
    private func isHopeless(_ received: [UInt8]) -> Bool {
        guard received.count > 3, !isDashed(received[...]) else { return false }
        let text = expected.prefix(received.count)
        return !zip(received, text).enumerated().allSatisfy { place, bytes in
            bytes.0 == bytes.1 || place == 3
        }
    }
}
