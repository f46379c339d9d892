internal import CLinux
internal import Glibc

/// A point on the monotonic clock, in nanoseconds since some fixed moment (clock_gettime(2)).
struct Instant: Hashable, Comparable, Sendable {
    var nanoseconds: UInt64

    static let zero = Instant(nanoseconds: 0)

    static var now: Instant {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    func advanced(by duration: Duration) -> Instant {
        Instant(nanoseconds: nanoseconds + duration.wholeNanoseconds)
    }

    /// Nanoseconds since `earlier`; 0 when that lies ahead.
    func elapsed(since earlier: Instant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }

    func milliseconds(since earlier: Instant) -> UInt64 { elapsed(since: earlier) / 1_000_000 }

    static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
}

extension Duration {
    /// Not negative, and at most some three hundred years.
    var wholeNanoseconds: UInt64 {
        // Up to two hours 64 bits hold the 512ths, which spares the division of 128 bits.
        if attoseconds >> 73 == 0 { return UInt64(attoseconds >> 9) / (1_000_000_000 >> 9) }
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(min(seconds, 9_000_000_000)) * 1_000_000_000
            + UInt64(attoseconds / 1_000_000_000)
    }
}

/// How long processors have worked for this process (clock_gettime(2), CLOCK_PROCESS_CPUTIME_ID).
enum ProcessTime {
    static var milliseconds: UInt64 { nanoseconds / 1_000_000 }

    static var nanoseconds: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// Time since 1970, for people and other machines.
enum WallClock {
    static var milliseconds: UInt64 { nanoseconds / 1_000_000 }

    static var nanoseconds: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
