internal import Shared

/// What a cell of the channel table is made of.
struct ChannelCell {
    let channel: ChannelSnapshot
    let track: Track?
    let rates: Track.Rates
    /// As the table names it.
    let name: String
    let badge: StateBadge
    let glyphs: Glyphs
    let showsBits: Bool
    let countsAll: Bool
    /// Where times are shown instead of ages.
    let clock: Moment?
    /// The daemon's clock at the snapshot.
    let snapshotTime: UInt64?
    var width = 0

    init(_ channel: ChannelSnapshot, _ model: Model, _ glyphs: Glyphs) {
        self.channel = channel
        track = model.data.history.channels[channel.serial]
        rates = track?.rates ?? Track.Rates()
        name = model.name(of: channel)
        badge = StateBadge(channel.state, glyphs, isStale: model.isStale)
        self.glyphs = glyphs
        showsBits = model.preferences.showsBits
        countsAll = model.preferences.countsAllFailures
        clock = model.preferences.showsClock ? model.shownNow : nil
        snapshotTime = model.snapshot?.nowMilliseconds
    }

    /// The same in a column of some width.
    func with(width: Int) -> ChannelCell {
        var cell = self
        cell.width = width
        return cell
    }

    var since: String {
        guard let clock else { return Age(milliseconds: channel.sinceMilliseconds).description }
        let time = CalendarTime(
            seconds: clock.wallSeconds + clock.offsetSeconds
                - Int64(channel.sinceMilliseconds / 1000))
        // Of another day the day says more.
        return channel.sinceMilliseconds < 86_400_000
            ? time.shortClock : String(time.date.dropFirst(4))
    }

    var failures: UInt64 { countsAll ? channel.failed : track?.recentFailures ?? 0 }

    /// `392/400`; each half gives way when both together are too long.
    var connections: String {
        let limit = channel.maxc.map(String.init) ?? NumberText.notApplicable
        let exact = "\(channel.current)/\(limit)"
        guard exact.utf8.count > width else { return exact }
        let half = (width - 1) / 2
        let shortLimit = channel.maxc.map { NumberText.count($0, width: half) } ?? limit
        let rest = width - 1 - shortLimit.utf8.count
        return NumberText.count(channel.current, width: rest) + "/" + shortLimit
    }

    /// A sign for each step of time; a blank where there were no sessions.
    var trend: String {
        guard let track, let snapshotTime else { return "" }
        let isLong = width > 7
        let cells = isLong ? width : 6
        let steps = isLong ? max(1, Track.mostSteps / cells) : 10
        let values = track.trend(cells: cells, stepsPerCell: steps, now: snapshotTime)
        let top = channel.maxc.map { max(1, $0) } ?? max(1, values.compactMap(\.self).max() ?? 1)
        let ramp = glyphs.ramp
        var text = ""
        for value in values {
            guard let value, value > 0 else {
                text += " "
                continue
            }
            let level = Int(Double(value) / Double(top) * Double(ramp.count - 1) + 0.5)
            text.unicodeScalars.append(ramp[min(max(1, level), ramp.count - 1)])
        }
        return text
    }
}
