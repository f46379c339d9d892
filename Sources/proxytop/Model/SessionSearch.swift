internal import Shared

/// Looking for a connection among all that the daemon has, a part of the list after the other, round its end.
///
/// The list may change meanwhile: what comes or moves behind our back may be missed.
struct SessionSearch: Equatable, Sendable {
    /// Rows of one question.
    static let mostRows = 1000
    /// Of the daemon's time it may take so little while it lasts: a twentieth of a core.
    static let pausePerMillisecond: UInt64 = 20
    static let longestPause: UInt64 = 2000

    let filter: Filter
    /// 1 down the list, -1 up.
    let step: Int
    /// So that an answer to an earlier one is not taken for one to this.
    let id: Int
    /// Rows of the list when it was asked last.
    private(set) var count: Int
    /// Down: the first row that is not looked at yet; up: the one behind that.
    private var place: Int
    /// Rows that are left to look at.
    private var left: Int
    /// Rows that were looked at.
    private(set) var seen: Int
    private(set) var isAsking = false
    private var restUntil: UInt64 = 0

    /// From the cursor's row on, with those between it and the end of what is here looked at already; nil when there
    /// is nothing else.
    init?(_ filter: Filter, step: Int, id: Int, from cursor: Int, rows: Range<Int>, of count: Int) {
        guard count > rows.count, rows.contains(cursor) else { return nil }
        (self.filter, self.step, self.id, self.count) = (filter, step, id, count)
        place = step > 0 ? rows.upperBound : rows.lowerBound
        let looked = step > 0 ? rows.upperBound - cursor : cursor - rows.lowerBound + 1
        seen = looked
        left = max(0, count - looked)
        wrap()
    }

    private mutating func wrap() {
        if step > 0, place >= count { place = 0 }
        if step < 0, place <= 0 { place = count }
    }

    var isOver: Bool { left <= 0 }

    /// When the next question may be asked; nil: one is on its way, or there is none left.
    var nextAt: UInt64? { isAsking || isOver ? nil : restUntil }

    /// The rows of the next question.
    var part: Range<Int> {
        let size = min(Self.mostRows, left)
        return step > 0
            ? place..<max(place, min(count, place + size)) : max(0, place - size)..<place
    }

    mutating func ask() { isAsking = true }

    /// Takes the answer to the question for `part`. The row of the list that was found; nil: not in there.
    mutating func receive(
        _ sessions: [SessionSnapshot], matched: Int, after milliseconds: UInt64, at now: UInt64
    ) -> Int? {
        let asked = part
        isAsking = false
        restUntil =
            now
            + min(
                Self.longestPause, min(milliseconds, Self.longestPause) * Self.pausePerMillisecond)
        count = matched
        seen += sessions.count
        // Of a list that has shrunk there is not more left than there is.
        left = min(left - max(1, asked.count), count)
        place = min(count, step > 0 ? asked.upperBound : asked.lowerBound)
        wrap()
        let found =
            step > 0
            ? sessions.firstIndex { filter.matches($0.row) }
            : sessions.lastIndex { filter.matches($0.row) }
        return found.map { asked.lowerBound + $0 }
    }
}
