internal import Shared

// Taking in what was said before, from the replay buffer or from a file.
extension Model {
    /// Keeps an answer that is about to be taken in.
    mutating func record(_ reply: Reply) -> [Effect] {
        guard let words = connection.link.pending.first?.words else { return [] }
        let entry = ReplayBuffer.Entry(at: now, words: words, reply: reply)
        time.replay.append(entry)
        return time.isRecording ? [.record(entry)] : []
    }

    /// Takes recorded answers in as if they came now; nothing is asked and nothing is done.
    mutating func replay(_ entries: some Collection<ReplayBuffer.Entry>) {
        let present = now
        defer { now = present }
        for (entry, next) in zip(entries, entries.dropFirst().map { $0.words } + [[]]) {
            guard let question = Link.Question(recorded: entry.words, next: next, in: snapshot)
            else { continue }
            now = entry.at
            if time.mode == .replay { time.replay.append(entry) }
            connection.link.pending = []
            connection.link.ask(question, at: now.milliseconds)
            _ = receive(entry.reply)
            connection.link.pending = []
        }
    }
}
