/// Turns what a log gets into lines; on the log's own thread.
protocol LogLines: Sendable {
    associatedtype Record: Sendable

    /// Writes the lines of one record, or none.
    mutating func put(_ record: Record, into lines: inout LineBuffer)

    /// Writes what is due by itself; `isLast`: nothing comes after it.
    mutating func putDue(now: Instant, isLast: Bool, into lines: inout LineBuffer)

    var nextDeadline: Instant? { get }
}

extension LogLines {
    mutating func putDue(now: Instant, isLast: Bool, into lines: inout LineBuffer) {}

    var nextDeadline: Instant? { nil }
}
