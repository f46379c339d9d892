internal import Shared

/// How a drain goes on: since when, how many are left, and what may keep it from ending.
struct DrainText {
    let lines: [StyledText]

    /// `lingering`: what may never end by itself.
    init(
        _ channel: ChannelSnapshot, _ model: Model, _ glyphs: Glyphs,
        lingering: SidePanel.Lingering?,
        width: Int
    ) {
        let track = model.data.history.channels[channel.serial]
        var lines = [Self.beginning(channel, model, track, silent: lingering?.count ?? 0)]
        if let lingering, let last = lingering.session {
            let client = model.preferences.hidesClients ? Privacy.hide(last.client) : last.client
            let idle = ", idle \(Age(milliseconds: last.idleMilliseconds))"
            let many =
                lingering.count > 1 ? "\(lingering.count) silent for a minute; longest" : "silent"
            lines.append(StyledText("\(many): \(last.id) \(client)\(idle)", .slow))
            var remedy = StyledText("L", .strong)
            remedy.add(" cuts only that one, and asks; K cuts all")
            lines.append(remedy)
        }
        if !model.preferences.isLean, glyphs != .words, let track,
            let now = model.snapshot?.nowMilliseconds
        {
            let cells = min(Track.mostSteps / 3, max(1, width - 2))
            let values = track.trend(cells: cells, stepsPerCell: 3, now: now)
            let most = max(1, values.compactMap(\.self).max() ?? 1)
            let ramp = glyphs.ramp
            let strip = values.map { value -> Unicode.Scalar in
                guard let value, value > 0 else { return " " }
                let level = Int(Double(value) / Double(most) * Double(ramp.count - 1) + 0.5)
                return ramp[min(max(1, level), ramp.count - 1)]
            }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: strip)
            lines.append(StyledText(String(text)))
        }
        self.lines = lines
    }

    /// `since 02:31 with 214; 31 conn left, empty in about 6m (3m-14m)`
    private static func beginning(
        _ channel: ChannelSnapshot, _ model: Model, _ track: Track?, silent: Int
    ) -> StyledText {
        var text = ""
        if let at = model.data.snapshotAt, let now = model.snapshot?.nowMilliseconds {
            let seconds =
                at.wallSeconds + at.offsetSeconds - Int64(channel.sinceMilliseconds / 1000)
            text = "since \(CalendarTime(seconds: seconds).shortClock)"
            let since = now - min(now, channel.sinceMilliseconds)
            let before = track?.steps.last { $0.milliseconds <= since }
            if let before { text += " with \(before.current)" }
            text += "; "
        }
        // A forecast is about those that come to an end.
        if silent > 0, silent >= channel.current {
            return StyledText(text + "\(channel.current) conn left, all of them silent", .slow)
        }
        return StyledText(
            text + (DrainForecast(channel, track)?.text ?? "\(channel.current) conn left"))
    }
}
