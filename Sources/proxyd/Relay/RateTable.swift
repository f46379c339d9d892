/// How fast sessions move their bytes, estimated from what their counters were at the last
/// query: it costs nothing between two queries, and nothing per event.
struct RateTable {
    /// By slot. One of another id belongs to a session that has ended.
    private var samples: [Sample?] = []

    fileprivate struct Sample {
        var id: UInt64
        var taken: Instant
        var inBytes: UInt64
        var outBytes: UInt64
        /// Bytes per second.
        var inRate: Float
        var outRate: Float
    }

    /// Seconds: a look after so long counts as much as all before it.
    private static let memory: Float = 2
    /// Nanoseconds: two lookers within so long get the same answer.
    private static let shortest: UInt64 = 500_000_000

    /// Puts both directions' rates into the record: of the last seconds if the session was listed lately, of
    /// the time since it was listed last if that is longer ago, and else of its whole life.
    mutating func estimate(_ record: inout SessionRecord, now: Instant) {
        while samples.count <= record.slot { samples.append(nil) }
        var sample: Sample
        if let known = samples[record.slot], known.id == record.id {
            sample = known
            let elapsed = now.elapsed(since: known.taken)
            if elapsed >= Self.shortest {
                let seconds = Float(elapsed) / 1e9
                let weight = seconds / (seconds + Self.memory)
                let inNow = Float(record.inward.byteCount &- known.inBytes) / seconds
                let outNow = Float(record.outward.byteCount &- known.outBytes) / seconds
                sample.inRate += (inNow - sample.inRate) * weight
                sample.outRate += (outNow - sample.outRate) * weight
                sample.take(record, now: now)
            }
        } else {
            let seconds = max(1, Float(record.age) / 1e9)
            sample = Sample(
                id: record.id, taken: now, inBytes: 0, outBytes: 0,
                inRate: Float(record.inward.byteCount) / seconds,
                outRate: Float(record.outward.byteCount) / seconds)
            sample.take(record, now: now)
        }
        samples[record.slot] = sample
        record.inward.rate = UInt64(max(0, sample.inRate).rounded())
        record.outward.rate = UInt64(max(0, sample.outRate).rounded())
    }
}

extension RateTable.Sample {
    fileprivate mutating func take(_ record: SessionRecord, now: Instant) {
        taken = now
        inBytes = record.inward.byteCount
        outBytes = record.outward.byteCount
    }
}
