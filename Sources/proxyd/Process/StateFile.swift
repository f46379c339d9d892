internal import Shared

/// The file that keeps what people have said about channels, and what was counted, over a restart.
struct StateFile {
    let path: String

    /// What the start found.
    enum Found: Equatable {
        case nothing
        case state(SavedState)
        /// It is of no use; nothing in it was believed.
        case refused(String)
        /// It is another daemon's, and is left as it is.
        case foreign(String)
    }

    /// More than a thousand bytes for each of as many channels as a daemon ever had.
    private static let mostBytes = 64 << 20

    func read() -> Found {
        let bytes: [UInt8]
        do throws(SystemError) {
            guard
                let read = try WholeFile.read(
                    path, most: Self.mostBytes, followsLinks: false)
            else { return .nothing }
            bytes = read
        } catch {
            return .foreign("it cannot be read: \(error)")
        }
        // Made in advance, for the sake of its owner.
        guard !bytes.isEmpty else { return .nothing }
        do throws(SavedStateText.Refusal) {
            return .state(try SavedStateText.state(of: bytes))
        } catch {
            switch error {
            case .foreign: return .foreign("it is not a state file of proxyd")
            case .newer(let version):
                return .foreign("it is of a later proxyd (state version \(version))")
            case .torn(let line): return .refused("it is damaged at line \(line)")
            }
        }
    }
}

/// When the state file is written: soon after a channel was switched or changed, and every minute
/// because of the counters.
struct StateSchedule {
    private(set) var nextDeadline: Instant
    /// One at a time.
    private var isWriting = false
    private var hasFailed = false

    private static let soon = Duration.milliseconds(200)
    private static let often = Duration.seconds(60)

    init(now: Instant) { nextDeadline = now.advanced(by: Self.often) }

    /// A channel was switched or changed.
    mutating func noteChange(now: Instant) {
        nextDeadline = min(nextDeadline, now.advanced(by: Self.soon))
    }

    /// Whether it is to be written now.
    mutating func isDue(now: Instant) -> Bool {
        guard nextDeadline <= now else { return false }
        nextDeadline = now.advanced(by: isWriting ? Self.soon : Self.often)
        defer { isWriting = true }
        return !isWriting
    }

    /// It was written, or could not be; true when that is news.
    mutating func wrote(_ isGood: Bool) -> Bool {
        isWriting = false
        defer { hasFailed = !isGood }
        return isGood == hasFailed
    }
}
