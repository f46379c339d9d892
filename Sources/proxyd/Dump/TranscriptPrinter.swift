internal import Glibc
internal import Shared

/// Writes all that goes by to standard output, as another program would have. It never makes a session wait:
/// a reader that is behind by more than a tap holds misses something, and learns how much.
final class TranscriptPrinter: Timed {
    let tap: TapSink
    private let transcript: any Transcript
    /// Sides of sessions whose end has been printed.
    private var ended: [UInt64: Set<Side>] = [:]
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
                end(side, of: record.id, isError: false)
            case .closed(let reason, _):
                if reason.when == .data || reason.when == .halfClosed {
                    if reason.who == .client { end(.client, of: record.id, isError: true) }
                    if reason.who == .channel { end(.channel, of: record.id, isError: true) }
                }
                ended[record.id] = nil
            case .gap(_, let count, _):
                Log.line("the reader of standard output has missed \(count) bytes", .warning)
            case .began: break
            }
        }
    }

    /// A direction ends once, whatever becomes of the session after it.
    private func end(_ side: Side, of session: UInt64, isError: Bool) {
        guard ended[session, default: []].insert(side).inserted else { return }
        text += transcript.end(isFromClient: side == .client, isError: isError)
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
