internal import Glibc
internal import Synchronization

/// The daemon's one voice: `subject event: reason`, a line each, on standard error.
///
/// A reader that stops reading loses lines rather than stopping the proxy, and is told how many.
enum Log {
    private static let lostCount = Atomic<Int>(0)

    static func line(_ text: String) {
        guard hasRoom else {
            lostCount.wrappingAdd(1, ordering: .relaxed)
            return
        }
        let lost = lostCount.exchange(0, ordering: .relaxed)
        if lost > 0 { write("\(lost) lines were lost: nobody read them in time") }
        write(text)
    }

    private static func write(_ text: String) {
        var line = "proxyd: "
        for scalar in text.unicodeScalars {
            // Whatever a peer or a file put into a name must not forge a line.
            line.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? "?" : scalar)
        }
        line += "\n"
        // Shorter than PIPE_BUF, so that a pipe with room takes it whole (pipe(7)).
        let bytes = Array(line.utf8.prefix(4000))
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    private static var hasRoom: Bool {
        var event = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&event, 1, 0) != 0
    }
}
