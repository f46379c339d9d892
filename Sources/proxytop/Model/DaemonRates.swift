internal import Shared

/// What the whole daemon did over the last fifteen minutes, for the strips of the overview.
struct DaemonRates: Equatable, Sendable {
    /// Twelve seconds, per second.
    struct Beat: Equatable, Sendable {
        var number: UInt64
        var new = 0.0
        /// nil: the daemon does not keep it for the time before we looked.
        var failed: Double?
        var refused = 0.0
        var outBytes = 0.0
    }

    static let beatMilliseconds: UInt64 = 12_000
    static let mostBeats = 75

    private(set) var beats: [Beat] = []
    /// Steps of the daemon's own history, summed over services, by their number.
    private var past: [UInt64: Beat] = [:]
    /// Whether the past was asked for.
    var isAsked = false

    /// The highest of the rates within a beat stays: a spike is what one looks for.
    mutating func add(_ rates: Track.Rates, refused: Double?, now: UInt64) {
        var beat = beats.last ?? Beat(number: 0)
        let number = now / Self.beatMilliseconds
        if beats.isEmpty || beat.number != number {
            beat = Beat(number: number)
            beats.append(beat)
            if beats.count > Self.mostBeats { beats.removeFirst() }
        }
        beat.new = max(beat.new, rates.total ?? 0)
        beat.failed = max(beat.failed ?? 0, rates.failed ?? 0)
        beat.refused = max(beat.refused, refused ?? 0)
        beat.outBytes = max(beat.outBytes, rates.outBytes ?? 0)
        beats[beats.count - 1] = beat
    }

    static let stepMilliseconds: UInt64 = 10_000

    /// What was known before a time.
    func before(_ milliseconds: UInt64) -> DaemonRates {
        var past = self
        past.beats = beats.filter { $0.number < milliseconds / Self.beatMilliseconds }
        return past
    }

    /// What one service did before we looked, in steps of ten seconds.
    mutating func recall(_ samples: [HistorySample]) {
        for sample in samples {
            let step = sample.monotonicMilliseconds / Self.stepMilliseconds
            var beat = past[step] ?? Beat(number: sample.monotonicMilliseconds)
            let seconds = Double(Self.stepMilliseconds / 1000)
            beat.new += Double(sample.sessions) / seconds
            beat.refused += Double(sample.failed) / seconds
            beat.outBytes += Double(sample.outBytes) / seconds
            past[step] = beat
        }
    }

    /// Puts what was recalled before what was seen.
    mutating func join() {
        var older: [UInt64: Beat] = [:]
        for step in past.values {
            let number = step.number / Self.beatMilliseconds
            if let first = beats.first, number >= first.number { continue }
            var beat = older[number] ?? Beat(number: number)
            beat.new = max(beat.new, step.new)
            beat.refused = max(beat.refused, step.refused)
            beat.outBytes = max(beat.outBytes, step.outBytes)
            older[number] = beat
        }
        past = [:]
        beats = (older.values.sorted { $0.number < $1.number } + beats).suffix(Self.mostBeats)
    }

    /// A value per cell, the newest last; nil where nothing was recorded.
    func values(_ value: (Beat) -> Double?, now: UInt64) -> [Double?] {
        var values = [Double?](repeating: nil, count: Self.mostBeats)
        let newest = now / Self.beatMilliseconds
        for beat in beats where beat.number <= newest {
            let back = newest - beat.number
            if back < UInt64(Self.mostBeats) {
                values[Self.mostBeats - 1 - Int(back)] = value(beat)
            }
        }
        return values
    }
}
