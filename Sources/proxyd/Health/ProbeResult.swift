/// What one probe came to.
struct ProbeResult: Equatable, Sendable {
    var isGood: Bool
    /// For people: `ok`, `refused`, `timeout`, `expected “+PONG”, got “-LOADING”`.
    var words: String
    /// From its start to its verdict.
    var nanoseconds: UInt64 = 0

    /// Whether it says anything about the channel. That we have run out of descriptors does not, and
    /// must not take down all channels at once.
    var isCounted = true

    /// Longer words would push everything else off a screen.
    static let longestWords = 200

    static func good(_ words: String = "ok") -> ProbeResult {
        ProbeResult(isGood: true, words: words)
    }

    static func none(_ words: String) -> ProbeResult {
        ProbeResult(isGood: false, words: words, isCounted: false)
    }

    /// A system call of ours has failed.
    static func failed(_ error: SystemError) -> ProbeResult {
        error.isShortage ? .none("\(error)") : .bad("\(error)")
    }

    /// A connect has failed at once.
    static func refused(_ number: CInt) -> ProbeResult {
        switch Errno(number) {
        case .descriptors, .ports, .memory: .none(SystemError.words(for: number))
        case .refused, .unreachable, .timedOut, .reset, .other:
            .bad(ProbeRun.words(for: number))
        }
    }

    static func bad(_ words: String) -> ProbeResult {
        ProbeResult(isGood: false, words: String(words.unicodeScalars.prefix(longestWords)))
    }
}
