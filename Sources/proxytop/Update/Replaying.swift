internal import Shared

// Taking in what was said before, from the tape or from a file.
extension Model {
    /// Keeps an answer that is about to be taken in.
    mutating func record(_ reply: Reply) -> [Effect] {
        guard let words = link.pending.first?.words else { return [] }
        let entry = ReplayBuffer.Entry(at: now, words: words, reply: reply)
        tape.take(entry)
        return isRecording ? [.record(entry)] : []
    }

    /// Takes recorded answers in as if they came now; nothing is asked and nothing is done.
    mutating func replay(_ entries: some Collection<ReplayBuffer.Entry>) {
        let present = now
        defer { now = present }
        for (entry, next) in zip(entries, entries.dropFirst().map { $0.words } + [[]]) {
            guard let question = Link.Question(recorded: entry.words, next: next, in: picture)
            else { continue }
            now = entry.at
            if tense == .replay { tape.take(entry) }
            link.pending = []
            link.ask(question, at: now.milliseconds)
            _ = receive(entry.reply)
            link.pending = []
        }
    }
}
