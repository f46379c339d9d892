/// Keeps a log from saying the same thing without end: a few times, and then only how often.
struct RepeatGuard: Sendable {
    /// Lines that are alike, in the present window.
    private struct Window {
        var began: Instant
        var count = 1
        /// The last of them.
        var text: String
    }

    /// What was left out.
    struct Summary: Equatable {
        var count: Int
        var text: String
    }

    static let length = Duration.seconds(10)
    /// Lines alike that are logged within a window.
    static let allowance = 5
    /// Kinds of lines that are remembered; beyond that the oldest is forgotten.
    static let mostKinds = 256

    private var windows: [String: Window] = [:]

    /// Whether a line is to be written; `deduplicationKey` is what it has in common with others.
    mutating func admits(_ text: String, deduplicationKey: String, at now: Instant) -> Bool {
        guard var window = windows[deduplicationKey] else {
            if windows.count >= Self.mostKinds { forgetOldest() }
            windows[deduplicationKey] = Window(began: now, text: text)
            return true
        }
        window.count += 1
        window.text = text
        windows[deduplicationKey] = window
        return window.count <= Self.allowance
    }

    private mutating func forgetOldest() {
        // One that has nothing to report is not a loss.
        let silent = windows.filter { $0.value.count <= Self.allowance }
        let oldest = (silent.isEmpty ? windows : silent).min { $0.value.began < $1.value.began }
        if let oldest { windows[oldest.key] = nil }
    }

    /// What was left out in windows that are over by now.
    mutating func takeSummaries(now: Instant) -> [Summary] {
        let over = windows.filter { $0.value.began.advanced(by: Self.length) <= now }
        for key in over.keys { windows[key] = nil }
        return summaries(of: over)
    }

    /// What was left out in all of them: it is the end.
    mutating func takeAllSummaries() -> [Summary] {
        defer { windows = [:] }
        return summaries(of: windows)
    }

    private func summaries(of windows: [String: Window]) -> [Summary] {
        windows.values.filter { $0.count > Self.allowance }.sorted { $0.began < $1.began }
            .map { Summary(count: $0.count - Self.allowance, text: $0.text) }
    }

    /// When a window with something to report is over.
    var nextDeadline: Instant? {
        windows.values.filter { $0.count > Self.allowance }.map(\.began).min()?
            .advanced(by: Self.length)
    }
}
