/// `send-expect`: steps of sending and expecting, one behind the other.
///
/// An expected text is the beginning of the next line, and what follows on that line is skipped;
/// expected bytes are the next ones; a regular expression is searched in whatever has come since the
/// step before. So a wrong answer is known as soon as it is there, except where a regular expression waits.
///
/// A text that begins with a code of three digits is a reply as SMTP and FTP give it (`ReplyMatcher`): all of
/// its lines come before the next step.
struct StepExchange: ProbeExchange {
    private var steps: ArraySlice<Step>
    private var received: [UInt8] = []
    /// Bytes of all steps together.
    private var total = 0
    /// What is left of the line that a text began.
    private var skipsLine = false

    /// The steps of the configuration, ready to be used.
    private enum Step: Sendable {
        case send(Secret<[UInt8]>)
        case text([UInt8])
        case reply(ReplyMatcher)
        case bytes([UInt8])
        case regex(PreparedRegex)
    }

    /// All that is read in one probe.
    static let mostBytes = 65_536

    /// - Throws: what is wrong with a regular expression.
    /// In SMTP every line of a reply begins with its code; in FTP only the first and the last do.
    init(_ steps: [ProbeStep], isSMTP: Bool = false) throws(ValueError) {
        self.steps = try steps.map { step throws(ValueError) in
            switch step {
            case .send(let bytes): .send(bytes)
            case .text(let bytes):
                ReplyMatcher(bytes, everyLineHasCode: isSMTP).map { .reply($0) } ?? .text(bytes)
            case .bytes(let bytes): .bytes(bytes)
            case .regex(let pattern): .regex(try PreparedRegex(pattern))
            }
        }[...]
    }

    mutating func begin() -> ProbeMove { advance() }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> ProbeMove {
        total += bytes.count
        guard total <= Self.mostBytes else {
            return .done(.bad("more than \(Self.mostBytes) bytes" + missing(", ")))
        }
        received += bytes
        return advance()
    }

    mutating func end() -> ProbeResult {
        endsWithReply ? .good() : .bad("closed" + missing(": "))
    }

    func expire() -> ProbeResult {
        endsWithReply ? .good() : .bad("timeout" + missing(": "))
    }

    /// Whether all that is missing is the end of the last reply's line.
    private var endsWithReply: Bool {
        guard steps.count == 1, case .reply(let reply)? = steps.first else { return false }
        return reply.match(received + [0x0A]).isYes
    }

    // MARK: Steps

    enum Match: Equatable {
        case yes(consumed: Int, leavesLine: Bool)
        case no
        case undecided

        fileprivate var isYes: Bool { if case .yes = self { true } else { false } }
    }

    private mutating func advance() -> ProbeMove {
        var output: [UInt8] = []
        while let step = steps.first {
            if case .send(let bytes) = step {
                output += bytes.revealed
                steps.removeFirst()
                continue
            }
            // What is to be said is said before anything more is expected.
            guard output.isEmpty else { return .send(output) }
            switch match(step) {
            case .undecided: return .wait
            case .no: return .done(.bad(mismatch(step)))
            case .yes(let consumed, let leavesLine):
                received.removeFirst(consumed)
                skipsLine = leavesLine
                steps.removeFirst()
            }
        }
        return .done(.good(), goodbye: output)
    }

    private mutating func match(_ step: Step) -> Match {
        switch step {
        case .send: return .no
        case .bytes(let expected):
            guard received.starts(with: expected.prefix(received.count)) else { return .no }
            guard received.count >= expected.count else { return .undecided }
            return .yes(consumed: expected.count, leavesLine: false)
        case .text(let expected):
            guard finishLine() else { return .undecided }
            return begins(with: expected)
        case .reply(let reply):
            guard finishLine() else { return .undecided }
            return reply.match(received)
        case .regex(let regex):
            guard regex.isFound(in: received) else { return .undecided }
            return .yes(consumed: received.count, leavesLine: received.last != 0x0A)
        }
    }

    /// Lines may end with CR LF or with LF alone, here and there.
    private func begins(with expected: [UInt8]) -> Match {
        var place = received.startIndex
        var rest = expected[...]
        while !rest.isEmpty {
            if rest.starts(with: [0x0D, 0x0A]) { rest.removeFirst() }
            let wanted = rest.removeFirst()
            if wanted == 0x0A, received[place...].first == 0x0D { place += 1 }
            guard place < received.endIndex else { return .undecided }
            guard received[place] == wanted else { return .no }
            place += 1
        }
        return .yes(consumed: place, leavesLine: expected.last != 0x0A)
    }

    /// Skips what is left of a line; false when its end has not come.
    private mutating func finishLine() -> Bool {
        guard skipsLine else { return true }
        guard let end = received.firstIndex(of: 0x0A) else {
            received.removeAll()
            return false
        }
        received.removeFirst(end + 1)
        skipsLine = false
        return true
    }

    // MARK: Words

    private func mismatch(_ step: Step) -> String {
        let got = received.isEmpty ? "nothing" : ProbeText.quoted(received)
        return "expected \(Self.words(for: step)), got \(got)"
    }

    /// What was still expected, behind a reason.
    private func missing(_ separator: String) -> String {
        steps.first.map { separator + mismatch($0) } ?? ""
    }

    private static func words(for step: Step) -> String {
        switch step {
        case .send(let bytes): "\(bytes)"
        case .text(let bytes), .bytes(let bytes): ProbeText.quoted(bytes)
        case .reply(let reply): ProbeText.quoted(reply.expected)
        case .regex(let regex): "/\(regex.pattern)/"
        }
    }
}
