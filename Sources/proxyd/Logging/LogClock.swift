internal import Glibc
internal import Shared

/// Instants as people read them, in local time. What a second has in common is worked out once.
struct LogClock {
    /// Nanoseconds since 1970 when the monotonic clock was at zero.
    private var offset: UInt64 = 0
    private var second: UInt64 = .max
    private var local = CalendarTime(seconds: 0)
    /// `+0100`.
    private var zone: [UInt8] = []

    init() { synchronise() }

    init(offset: UInt64) { self.offset = offset }

    /// Follows the clock when it was set.
    mutating func synchronise() {
        let now = Instant.now.nanoseconds
        offset = WallClock.nanoseconds &- now
    }

    /// `[31/Jul/2011:13:00:00 +0200]`, whatever the locale: log readers know English months.
    mutating func appendBracketed(_ instant: Instant, to bytes: inout [UInt8]) {
        turn(to: instant)
        bytes.append(UInt8(ascii: "["))
        bytes.append(digits: UInt64(local.day), width: 2)
        bytes.append(UInt8(ascii: "/"))
        bytes.append(contentsOf: local.monthName.utf8)
        bytes.append(UInt8(ascii: "/"))
        bytes.append(digits: UInt64(local.year), width: 4)
        bytes.append(UInt8(ascii: ":"))
        appendTime(to: &bytes)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: zone)
        bytes.append(UInt8(ascii: "]"))
    }

    /// `Jul  3 13:00:00`, as syslog has had it for ever (RFC 3164).
    mutating func appendSyslog(_ instant: Instant, to bytes: inout [UInt8]) {
        turn(to: instant)
        bytes.append(contentsOf: local.monthName.utf8)
        bytes.append(UInt8(ascii: " "))
        if local.day < 10 { bytes.append(UInt8(ascii: " ")) }
        bytes.append(digits: UInt64(local.day), width: 1)
        bytes.append(UInt8(ascii: " "))
        appendTime(to: &bytes)
    }

    /// `2011-07-31T13:00:00.123+02:00` (RFC 3339).
    mutating func appendDate(_ instant: Instant, to bytes: inout [UInt8]) {
        turn(to: instant)
        bytes.append(digits: UInt64(local.year), width: 4)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(digits: UInt64(local.month), width: 2)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(digits: UInt64(local.day), width: 2)
        bytes.append(UInt8(ascii: "T"))
        appendTime(to: &bytes)
        bytes.append(UInt8(ascii: "."))
        bytes.append(digits: (offset &+ instant.nanoseconds) / 1_000_000 % 1000, width: 3)
        bytes.append(contentsOf: zone.prefix(3))
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: zone.suffix(2))
    }

    private func appendTime(to bytes: inout [UInt8]) {
        bytes.append(digits: UInt64(local.hour), width: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(digits: UInt64(local.minute), width: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(digits: UInt64(local.second), width: 2)
    }

    private mutating func turn(to instant: Instant) {
        let second = (offset &+ instant.nanoseconds) / 1_000_000_000
        guard second != self.second else { return }
        self.second = second
        var time = time_t(second)
        var parts = unsafe tm()
        _ = unsafe localtime_r(&time, &parts)
        let east = unsafe parts.tm_gmtoff
        local = CalendarTime(seconds: Int64(second) + Int64(east))
        let minutes = UInt64(abs(east) / 60)
        zone = [UInt8(ascii: east < 0 ? "-" : "+")]
        zone.append(digits: minutes / 60, width: 2)
        zone.append(digits: minutes % 60, width: 2)
    }
}

extension [UInt8] {
    /// A number in decimal, with zeros in front up to so many digits.
    mutating func append(digits number: UInt64, width: Int = 1) {
        var rest = number
        // From behind, as their number is not known yet.
        let start = count
        var written = 0
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
            written += 1
        } while rest > 0 || written < width
        var (low, high) = (start, count - 1)
        while low < high {
            swapAt(low, high)
            low += 1
            high -= 1
        }
    }
}
