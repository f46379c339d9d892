internal import Shared

/// The last things that went wrong with a channel, from `error_1` to `error_10` of `show channel`.
struct ChannelErrorText {
    let lines: [StyledText]

    /// `offset`: seconds that the clock on the wall is ahead of UTC.
    init(_ fields: [(name: String, value: String)], offset: Int64) {
        lines = fields.filter { $0.name.hasPrefix("error_") }.map { field in
            Self.line(field.value, offset)
        }
    }

    /// `time_ms=1795228867000 age_ms=2000 errno=ECONNREFUSED cause=refused`; the cause may have blanks.
    private static func line(_ text: String, _ offset: Int64) -> StyledText {
        func value(_ name: String) -> String? {
            text.split(separator: " ").first { $0.hasPrefix(name + "=") }
                .map { String($0.dropFirst(name.utf8.count + 1)) }
        }
        guard let time = value("time_ms").flatMap({ UInt64($0) }),
            let cause = text.firstRange(of: "cause=").map({ String(text[$0.upperBound...]) })
        else { return StyledText(text) }
        let seconds = Int64(min(time, Bounds.milliseconds) / 1000) + offset
        var spans = StyledText(CalendarTime(seconds: seconds).clock + "  ", .faint)
        spans.add(cause)
        if let errno = value("errno"), errno != Table.absent { spans.add(" (\(errno))") }
        if let age = value("age_ms").flatMap({ UInt64($0) }) {
            spans.add("  \(Age(milliseconds: min(age, Bounds.milliseconds))) ago", .faint)
        }
        return spans
    }
}
