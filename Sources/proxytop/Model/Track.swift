internal import Shared

/// What was counted for one channel, listener or group over time.
struct Track: Equatable, Sendable {
    /// Counters that only rise, with the daemon's clock beside them.
    struct Sample: Equatable, Sendable {
        var milliseconds: UInt64
        var total: UInt64
        var inBytes: UInt64 = 0
        var outBytes: UInt64 = 0
        var failed: UInt64 = 0
        var current: UInt64 = 0
    }

    /// Five seconds of the past: the most sessions seen, and what was counted before them.
    struct Step: Equatable, Sendable {
        /// When it was begun.
        var milliseconds: UInt64
        var current: UInt64
        var failed: UInt64
        var total: UInt64
        var inBytes: UInt64 = 0
        var outBytes: UInt64 = 0

        var number: UInt64 { milliseconds / Track.stepMilliseconds }
    }

    /// Per second, over some time; nil while there is nothing to compare with.
    struct Rates: Equatable, Sendable {
        var total: Double?
        var inBytes: Double?
        var outBytes: Double?
        var failed: Double?
    }

    static let windowMilliseconds: UInt64 = 10_000
    /// A trend moves at this pace only: it is most of what a frame costs.
    static let stepMilliseconds: UInt64 = 5000
    /// Fifteen minutes.
    static let mostSteps = 180
    static let failureSteps: UInt64 = 60
    static let minuteSteps: UInt64 = 12

    private(set) var samples: [Sample] = []
    private(set) var steps: [Step] = []

    mutating func add(_ sample: Sample) {
        if let last = samples.last {
            // A counter that went back was reset: nothing before it can be compared with.
            if sample.milliseconds < last.milliseconds || sample.total < last.total
                || sample.inBytes < last.inBytes || sample.outBytes < last.outBytes
                || sample.failed < last.failed
            {
                samples.removeAll()
                if sample.failed < last.failed || sample.total < last.total { steps.removeAll() }
            } else if sample.milliseconds == last.milliseconds {
                samples.removeLast()
            }
        }
        samples.append(sample)
        let kept =
            samples.firstIndex { $0.milliseconds + Self.windowMilliseconds >= sample.milliseconds }
            ?? 0
        // With a slow tick there is always one sample to compare with.
        if kept > 0 { samples.removeFirst(min(kept, samples.count - 2)) }
        addStep(sample)
    }

    /// Steps stand in the order of time, also when the daemon's clock, or a recording's, goes back.
    private mutating func addStep(_ sample: Sample) {
        while let last = steps.last, last.milliseconds > sample.milliseconds { steps.removeLast() }
        let number = sample.milliseconds / Self.stepMilliseconds
        if let last = steps.last, last.number == number {
            steps[steps.count - 1].current = max(last.current, sample.current)
            return
        }
        steps.append(
            Step(
                milliseconds: sample.milliseconds, current: sample.current, failed: sample.failed,
                total: sample.total, inBytes: sample.inBytes, outBytes: sample.outBytes))
        if steps.count > Self.mostSteps { steps.removeFirst(steps.count - Self.mostSteps) }
    }

    /// What was known before a time: its steps, and no samples to make a rate from.
    func before(_ milliseconds: UInt64) -> Track {
        var track = Track()
        let number = milliseconds / Self.stepMilliseconds
        track.steps = steps.filter { $0.number < number }
        return track
    }

    /// Puts the daemon's own history before what was seen; its counts are of steps, ours rise.
    mutating func recall(_ past: [HistorySample]) {
        guard let first = steps.first else { return }
        var next = first
        var older: [Step] = []
        for sample in past.reversed() {
            let number = sample.monotonicMilliseconds / Self.stepMilliseconds
            if number < next.number {
                next.milliseconds = sample.monotonicMilliseconds
                next.current = sample.current
                older.append(next)
            }
            next.total -= min(next.total, sample.sessions)
            next.failed -= min(next.failed, sample.failed)
            next.inBytes -= min(next.inBytes, sample.inBytes)
            next.outBytes -= min(next.outBytes, sample.outBytes)
        }
        let room = max(0, Self.mostSteps - steps.count)
        steps = older.prefix(room).reversed() + steps
    }

    /// What a counter rose by per second, in buckets as those of `trend`; nil where nothing is known.
    func perSecond(
        _ counter: (Step) -> UInt64, cells: Int, stepsPerCell: Int, now: UInt64
    ) -> [Double?] {
        let width = UInt64(max(1, stepsPerCell))
        let newest = now / Self.stepMilliseconds / width
        var values = [Double?](repeating: nil, count: cells)
        for (before, step) in zip(steps, steps.dropFirst()) {
            let bucket = step.number / width
            // Over a longer pause an average says nothing about any of its parts.
            guard bucket <= newest, newest - bucket < UInt64(cells), step.number > before.number,
                step.number - before.number <= 4 * width, counter(step) >= counter(before)
            else { continue }
            let seconds = Double((step.number - before.number) * Self.stepMilliseconds) / 1000
            let index = cells - 1 - Int(newest - bucket)
            // A spike is what one looks for.
            values[index] = max(
                values[index] ?? 0, Double(counter(step) - counter(before)) / seconds)
        }
        return values
    }

    /// Over the last ten seconds.
    var rates: Rates { samples.first.map(rates) ?? Rates() }

    /// Between the last two looks.
    var latestRates: Rates { samples.dropLast().last.map(rates) ?? Rates() }

    /// Over about so long, as far as the steps go back; nothing when that is less than half of it.
    func rates(over milliseconds: UInt64) -> Rates {
        guard let last = samples.last else { return Rates() }
        let start = last.milliseconds - min(last.milliseconds, milliseconds)
        guard let step = steps.first(where: { $0.milliseconds >= start }),
            last.milliseconds - step.milliseconds >= milliseconds / 2
        else { return Rates() }
        return rates(
            since: Sample(
                milliseconds: step.milliseconds, total: step.total, inBytes: step.inBytes,
                outBytes: step.outBytes, failed: step.failed))
    }

    private func rates(since first: Sample) -> Rates {
        guard let last = samples.last, last.milliseconds > first.milliseconds else {
            return Rates()
        }
        let seconds = Double(last.milliseconds - first.milliseconds) / 1000
        func rate(_ counter: (Sample) -> UInt64) -> Double? {
            // One that was set back in between says nothing.
            counter(last) >= counter(first)
                ? Double(counter(last) - counter(first)) / seconds : nil
        }
        return Rates(
            total: rate(\.total), inBytes: rate(\.inBytes), outBytes: rate(\.outBytes),
            failed: rate(\.failed))
    }

    /// New sessions in the last minute, or since we look when that is less.
    var recentSessions: UInt64 {
        guard let last = samples.last, let newest = steps.last else { return 0 }
        let oldest = newest.number > Self.minuteSteps ? newest.number - Self.minuteSteps : 0
        guard let first = steps.first(where: { $0.number >= oldest }) else { return 0 }
        return last.total >= first.total ? last.total - first.total : 0
    }

    /// Failures in the last five minutes, or since we look when that is less.
    var recentFailures: UInt64 {
        guard let last = samples.last, let newest = steps.last else { return 0 }
        let oldest = newest.number > Self.failureSteps ? newest.number - Self.failureSteps : 0
        guard let first = steps.first(where: { $0.number >= oldest }) else { return 0 }
        return last.failed >= first.failed ? last.failed - first.failed : 0
    }

    /// The most sessions per bucket of `stepsPerCell` steps, oldest first; nil where nothing was recorded.
    func trend(cells: Int, stepsPerCell: Int, now: UInt64) -> [UInt64?] {
        let width = UInt64(max(1, stepsPerCell))
        // Buckets stand still in time, so that a trend moves once per bucket and not with every step.
        let newest = now / Self.stepMilliseconds / width
        var values = [UInt64?](repeating: nil, count: cells)
        for step in steps.reversed() {
            let bucket = step.number / width
            guard bucket <= newest, newest - bucket < UInt64(cells) else { break }
            let index = cells - 1 - Int(newest - bucket)
            values[index] = max(values[index] ?? 0, step.current)
        }
        return values
    }
}
