internal import Shared

/// A time of day: `03:30`.
struct ClockTime: Equatable, Sendable {
    let hour: Int
    let minute: Int

    init?(hour: Int, minute: Int) {
        guard (0..<24).contains(hour), (0..<60).contains(minute) else { return nil }
        (self.hour, self.minute) = (hour, minute)
    }

    /// When it is next: seconds of the local clock since 1970.
    func next(after now: Moment) -> Int64 {
        let local = now.wallSeconds + now.offsetSeconds
        let today = local - (local % 86_400 + 86_400) % 86_400
        let time = today + Int64(hour * 3600 + minute * 60)
        return time > local ? time : time + 86_400
    }

    var text: String { CalendarTime(seconds: Int64(hour * 3600 + minute * 60)).shortClock }
}

/// A time of day as it is typed, digit by digit; the colon may be left out.
struct ClockTyping: Equatable, Sendable {
    private(set) var text = ""

    var isEmpty: Bool { text.isEmpty }

    /// False: that does not belong to a time.
    mutating func append(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == ":" {
            guard !text.isEmpty else { return false }
            // After two digits it is there already.
            if !text.contains(":") { text += ":" }
            return true
        }
        guard ("0"..."9").contains(scalar) else { return false }
        guard !isComplete else { return true }
        text.unicodeScalars.append(scalar)
        if text.count == 2, !text.contains(":") { text += ":" }
        return true
    }

    mutating func deleteLast() {
        // The colon came by itself.
        if text.hasSuffix(":"), text.count == 3 { text.removeLast() }
        if !text.isEmpty { text.removeLast() }
    }

    private var parts: [Substring] { text.split(separator: ":", omittingEmptySubsequences: false) }

    var isComplete: Bool { parts.count == 2 && parts[1].count == 2 }

    /// nil: not complete, or there is no such time.
    var time: ClockTime? {
        guard isComplete, let hour = Int(parts[0]), let minute = Int(parts[1]) else { return nil }
        return ClockTime(hour: hour, minute: minute)
    }

    /// As it looks while it is typed: `03:3_`.
    var shown: String {
        let hour = parts.first.map(String.init) ?? ""
        let minute = parts.count > 1 ? String(parts[1]) : ""
        func filled(_ digits: String) -> String {
            digits + String(repeating: "_", count: max(0, 2 - digits.count))
        }
        // A colon behind one digit says that this is the hour.
        return (parts.count > 1 ? hour : filled(hour)) + ":" + filled(minute)
    }

    init() {}

    init(_ time: ClockTime) { text = time.text }
}
