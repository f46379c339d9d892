import Foundation

/// When to stop waiting.
struct Deadline: Sendable {
    /// Plenty for anything on loopback, on a slow and busy machine too; only who fails waits for so long.
    static let patience = Duration.seconds(60)

    let end: ContinuousClock.Instant

    static func after(_ duration: Duration) -> Deadline {
        Deadline(end: .now.advanced(by: duration))
    }

    var isOver: Bool { ContinuousClock.now >= end }

    /// For poll(2); 0 when it is over.
    var milliseconds: CInt {
        let left = ContinuousClock.now.duration(to: end).components
        return CInt(
            max(0, min(left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000, 60_000)))
    }
}

/// What did not happen in time.
struct TooLate: Error, CustomStringConvertible {
    let what: String
    var description: String { "not in time: \(what)" }
}

/// Asks again and again until the answer is there.
///
/// For what cannot be waited for: another process's state. Between two questions there is a pause, so
/// that asking does not take the processor from who is to answer.
func eventually<Answer>(
    _ what: String, within duration: Duration = Deadline.patience, _ ask: () throws -> Answer?
) throws -> Answer {
    let deadline = Deadline.after(duration)
    while true {
        if let answer = try ask() { return answer }
        guard !deadline.isOver else { throw TooLate(what: what) }
        Thread.sleep(forTimeInterval: 0.005)
    }
}

func eventually(
    _ what: String, within duration: Duration = Deadline.patience, _ isSo: () throws -> Bool
) throws {
    let _: Bool = try eventually(what, within: duration) { try isSo() ? true : nil }
}
