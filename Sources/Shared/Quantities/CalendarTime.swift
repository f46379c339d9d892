/// A point in time on the wall, split up; Foundation is not needed for that.
package struct CalendarTime: Equatable, Sendable {
    package let year: Int
    /// 1 to 12, 1 to 31, and 0 for Sunday.
    package let month: Int
    package let day: Int
    package let weekday: Int
    package let hour: Int
    package let minute: Int
    package let second: Int

    /// - Parameter seconds: since 1970-01-01 00:00 of the zone that is wanted.
    package init(seconds: Int64) {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = Int(seconds - days * 86_400)
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        weekday = Int(((days + 4) % 7 + 7) % 7)
        // Howard Hinnant's days-to-civil: years begin in March, so the leap day comes last.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// `02:41:07`
    package var clock: String { "\(two(hour)):\(two(minute)):\(two(second))" }
    /// `02:41`
    package var shortClock: String { "\(two(hour)):\(two(minute))" }
    /// `Sat 21 Nov`
    package var date: String { "\(Self.weekdays[weekday]) \(two(day)) \(monthName)" }
    /// `Nov`, whatever the locale.
    package var monthName: String { Self.months[month - 1] }
    /// `2026-11-21`
    package var isoDate: String { "\(year)-\(two(month))-\(two(day))" }
    /// `2026-11-21T02:41:07Z`, when made from seconds of UTC.
    package var iso: String { "\(isoDate)T\(clock)Z" }
}
