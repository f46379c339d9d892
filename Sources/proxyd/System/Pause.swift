internal import CLinux
internal import Glibc

/// Waits without doing anything, in threads that may.
enum Pause {
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

    static func milliseconds(_ milliseconds: Int) {
        until(Instant.now.advanced(by: .milliseconds(milliseconds)))
    }
}
