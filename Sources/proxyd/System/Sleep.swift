internal import CLinux
internal import Glibc

/// Waits without doing anything, in threads that may.
enum Sleep {
    static func until(_ instant: Instant) {
        while true {
            let now = Instant.now
            guard now < instant else { return }
            let left = instant.elapsed(since: now)
            var time = timespec(
                tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
            _ = unsafe nanosleep(&time, nil)
        }
    }

    /// Until then, or until the descriptor is readable; without a time as long as that takes.
    static func until(_ instant: Instant?, or descriptor: CInt) {
        var timeout: CInt = -1
        if let instant {
            timeout = CInt(clamping: (instant.elapsed(since: .now) + 999_999) / 1_000_000)
        }
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&event, 1, timeout)
    }

    static func milliseconds(_ milliseconds: Int) {
        until(Instant.now.advanced(by: .milliseconds(milliseconds)))
    }
}
