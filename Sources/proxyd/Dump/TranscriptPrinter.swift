internal import Glibc
internal import Shared

/// Writes all that goes by to standard output, as another program would have. It never makes a session wait:
/// a reader that is behind by more than a tap holds misses something, and is told so.
final class TranscriptPrinter: Timed {
    let tap: TapSink
    private let transcript: any Transcript
    private var text: [UInt8] = []
    private var written = 0
    private(set) var nextDeadline: Instant?
    private var isBroken = false

    /// Between two looks at a reader that does not read.
    private static let pause = Duration.milliseconds(50)
    private static let bytesAtOnce = 65_536
    /// A write of so many bytes to a pipe that has room does not wait (pipe(7)).
    private static let bytesPerWrite = 4096

    init(_ transcript: any Transcript, tap: TapSink) {
        self.transcript = transcript
        self.tap = tap
    }

    /// Something was tapped.
    func resume(now: Instant) {
        nextDeadline = nil
        while !isBroken {
            if written == text.count { fetch() }
            guard written < text.count else { return }
            guard write() else {
                nextDeadline = now.advanced(by: Self.pause)
                return
            }
        }
        tap.close()
    }

    func meetDeadlines(now: Instant) {
        if let nextDeadline, nextDeadline <= now { resume(now: now) }
    }

    private func fetch() {
        text.removeAll(keepingCapacity: true)
        written = 0
        for record in tap.take(bytes: Self.bytesAtOnce) {
            switch record.event {
            case .moved(let side, let bytes):
                text += transcript.text(of: bytes, isFromClient: side == .client)
            case .ended(let side):
                text += transcript.end(isFromClient: side == .client, isError: false)
            case .closed(let reason, _) where reason.who == .client || reason.who == .channel:
                text += transcript.end(isFromClient: reason.who == .client, isError: true)
            case .gap(_, let count, _):
                Log.line("the reader of standard output has missed \(count) bytes", .warning)
            case .began, .closed: break
            }
        }
    }

    /// Some of it; false when the reader has to read first.
    private func write() -> Bool {
        var event = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&event, 1, 0) > 0 else { return false }
        let count = unsafe text[written...].prefix(Self.bytesPerWrite).withUnsafeBytes {
            unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
        }
        if count > 0 { written += count } else if errno != EINTR { isBroken = errno != EAGAIN }
        return count > 0 || isBroken
    }
}
