internal import Shared

/// The conversation with the daemon, as decisions only: no socket and no clock in here.
struct Link: Equatable, Sendable {
    enum Phase: Equatable, Sendable {
        /// Connected, `hello` is on its way.
        case hello
        case live
        /// Gone since then; the reason is in words.
        case lost(since: UInt64, reason: String)
    }

    /// What was asked, so that the answer finds its reader: replies keep the order of the requests.
    enum Question: Equatable, Sendable {
        case hello, describe, keys, channels, groups, listeners, events
        /// Who else is there, and what we are about to change.
        case presence, intend
        /// What the daemon takes of its machine.
        case load
        /// Of a draining channel the connections that may keep it from ending.
        case lingering(serial: UInt64)
        /// The rows from this one on.
        case sessions(first: Int)
        /// A part of the list that is only looked through.
        case search(id: Int)
        /// What a service did before we looked; with the last one the past is whole.
        case past(isLast: Bool)
        case detail(Subject)
        /// The past of a channel, for its trend; the timeline beside the table; connections below it.
        case trend(serial: UInt64), sidePanelWhy(Subject), nearby([String])
        /// The history for the timeline of this.
        case why(Subject)
        /// A part of the plan for a preview; the last one completes it.
        case plan(id: Int, isLast: Bool)
        /// What a plan needs before and after it.
        case planBegin(id: Int), planStep(id: Int)
        /// The command of the running act that was sent.
        case act
        /// A report asks something.
        case asked
        /// A question that was typed.
        case typed(String)

        /// Whether it may take as long as it takes: elections wait for checks, triggers and time.
        var isPatient: Bool {
            switch self {
            case .act, .typed: true
            default: false
            }
        }
    }

    struct Pending: Equatable, Sendable {
        var question: Question
        /// The words of what is worth recording.
        var words: [String]?
        var sentAt: UInt64
    }

    static let deadlineMilliseconds: UInt64 = 2000
    /// For what may take long.
    static let longDeadlineMilliseconds: UInt64 = 60_000
    static let firstRetryMilliseconds: UInt64 = 250
    static let longestRetryMilliseconds: UInt64 = 5000

    var phase = Phase.hello
    var pending: [Pending] = []
    var nextPollAt: UInt64 = 0
    var tries = 0
    var nextTryAt: UInt64 = 0
    /// The time from the last round's question to its answer.
    var answerMilliseconds: UInt64?

    /// An answer that takes longer makes what must be typed more dangerous.
    static let slowMilliseconds: UInt64 = 500

    /// How long the last round took, when that was long.
    var slowness: Age? {
        answerMilliseconds.flatMap { $0 > Self.slowMilliseconds ? Age(milliseconds: $0) : nil }
    }

    var isLive: Bool { phase == .live }

    /// Whether a transaction that a plan needs may be open.
    var isPlanning: Bool {
        pending.contains { pending in
            switch pending.question {
            case .planBegin, .planStep: true
            default: false
            }
        }
    }

    /// When something has to be done though nothing comes in.
    var nextDeadline: UInt64 {
        switch phase {
        case .lost: nextTryAt
        case .hello, .live:
            pending.first.map { $0.sentAt + deadline } ?? nextPollAt
        }
    }

    /// How long the oldest question may wait. What was asked behind a patient one waits with it.
    var deadline: UInt64 {
        pending.contains { $0.question.isPatient }
            ? Self.longDeadlineMilliseconds : Self.deadlineMilliseconds
    }

    /// How long the oldest question has been waiting.
    func waiting(at now: UInt64) -> UInt64 {
        pending.first.map { now > $0.sentAt ? now - $0.sentAt : 0 } ?? 0
    }

    /// `words`: of a question whose answer is recorded.
    mutating func ask(_ question: Question, _ words: [String]? = nil, at now: UInt64) {
        pending.append(Pending(question: question, words: words, sentAt: now))
    }

    /// Takes the question that an answer belongs to; nil when nothing was asked.
    mutating func answered(at now: UInt64) -> Pending? {
        guard !pending.isEmpty else { return nil }
        let first = pending.removeFirst()
        // What waited behind a slow one begins to wait now.
        if first.question.isPatient {
            for index in pending.indices { pending[index].sentAt = max(pending[index].sentAt, now) }
        }
        return first
    }

    /// The connection ended or could not be made. Waits 0.25 s, then twice as long each time, up to 5 s.
    mutating func lose(_ reason: String, at now: UInt64) {
        if case .lost(let since, _) = phase {
            phase = .lost(since: since, reason: reason)
        } else {
            phase = .lost(since: now, reason: reason)
            tries = 0
        }
        pending.removeAll()
        answerMilliseconds = nil
        let wait = Self.firstRetryMilliseconds << UInt64(min(tries, 8))
        let pause = min(wait, Self.longestRetryMilliseconds)
        // Many screens that lost the same daemon do not all come back in the same instant.
        let jitter = tries > 2 ? pause / 5 * (now % 7) / 6 : 0
        nextTryAt = now + pause + jitter
        tries += 1
    }
}
