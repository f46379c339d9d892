/// What the whole daemon did over the last fifteen minutes, for the strips of the overview.
struct Pulse: Equatable, Sendable {
    /// Twelve seconds, per second.
    struct Beat: Equatable, Sendable {
        var number: UInt64
        var new = 0.0
        var failed = 0.0
        var refused = 0.0
        var outBytes = 0.0
    }

    static let beatMilliseconds: UInt64 = 12_000
    static let mostBeats = 75

    private(set) var beats: [Beat] = []

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
        beat.failed = max(beat.failed, rates.failed ?? 0)
        beat.refused = max(beat.refused, refused ?? 0)
        beat.outBytes = max(beat.outBytes, rates.outBytes ?? 0)
        beats[beats.count - 1] = beat
    }

    /// A value per cell, the newest last; nil where nobody looked.
    func values(_ value: KeyPath<Beat, Double>, now: UInt64) -> [Double?] {
        var values = [Double?](repeating: nil, count: Self.mostBeats)
        let newest = now / Self.beatMilliseconds
        for beat in beats where beat.number <= newest {
            let back = newest - beat.number
            if back < UInt64(Self.mostBeats) {
                values[Self.mostBeats - 1 - Int(back)] = beat[keyPath: value]
            }
        }
        return values
    }
}
