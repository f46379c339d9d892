internal import Shared

extension Proxytop {
    /// Shows a recording: on the screen, or as a report of its last snapshot.
    func show(_ path: String, _ capabilities: Capabilities, _ settings: Settings) throws {
        let now = Moment.read()
        let entries: [ReplayBuffer.Entry]
        do {
            entries = try Recording.entries(
                in: RecordingFile.read(path), offsetSeconds: now.offsetSeconds)
        } catch let mistake as Recording.ParseError {
            return try Self.end(.usage, "\(path): \(mistake)")
        } catch let failure as RecordingFile.Failure {
            return try Self.end(.usage, "\(path): \(failure.reason)")
        }
        guard !entries.isEmpty else {
            return try Self.end(.usage, "\(path): nothing is recorded in it")
        }
        var model = Model(
            now: now, size: Size(columns: 80, rows: 24), socketPath: path,
            page: Page(named: settings[.view]))
        model.adopt(settings)
        model.time.mode = .replay
        model.time.replaySpeed = speed
        model.connection.link.phase = .live
        var playback = Playback(entries, speed: speed)
        if let wanted = at.flatMap(Self.secondOfDay) {
            guard let first = playback.skip(toSecondOfDay: wanted) else {
                return try Self.end(.usage, "--at \(at ?? ""): the recording ends before that")
            }
            model.replay(first)
        }
        if batch.isAsked || !StandardStream.output.isTerminal {
            if at == nil { model.replay(entries) }
            try printReport(of: OneShot(recorded: model), capabilities)
        } else {
            try open(
                [DaemonSession(model, DaemonTarget(path: path))], playback: playback, capabilities,
                settings)
        }
    }

    /// `02:36` or `02:36:55`, as seconds since midnight.
    static func secondOfDay(_ text: String) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in
            part.count == 2 ? Int64(part) : nil
        }
        guard (2...3).contains(parts.count), numbers.count == parts.count,
            (0..<24).contains(numbers[0]), numbers.dropFirst().allSatisfy({ (0..<60).contains($0) })
        else { return nil }
        return numbers[0] * 3600 + numbers[1] * 60 + (numbers.count > 2 ? numbers[2] : 0)
    }
}
