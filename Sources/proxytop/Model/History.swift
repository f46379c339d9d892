internal import Shared

/// The tracks of everything in the snapshot, from which rates and trends come.
struct History: Equatable, Sendable {
    private(set) var epoch: UInt64?
    private(set) var channels: [UInt64: Track] = [:]
    private(set) var listeners: [UInt64: Track] = [:]
    private(set) var groups: [UInt64: Track] = [:]

    /// Takes a snapshot in. Answers true when the daemon was started anew since the last one: its counters
    /// began at nothing, so the tracks do too, and no rate is ever negative.
    mutating func add(_ snapshot: DaemonSnapshot) -> Bool {
        let isRestarted = epoch != nil && epoch != snapshot.epoch
        if isRestarted { self = History() }
        epoch = snapshot.epoch
        channels = Self.advanced(channels, snapshot.channels, \.serial) { channel in
            Track.Sample(
                milliseconds: snapshot.nowMilliseconds, total: channel.total,
                inBytes: channel.inBytes, outBytes: channel.outBytes, failed: channel.failed,
                current: channel.current)
        }
        listeners = Self.advanced(listeners, snapshot.listeners, \.serial) { listener in
            Track.Sample(
                milliseconds: snapshot.nowMilliseconds, total: listener.total,
                failed: listener.refused)
        }
        groups = Self.advanced(groups, snapshot.groups.map(\.snapshot), \.serial) { group in
            Track.Sample(
                milliseconds: snapshot.nowMilliseconds, total: group.total, failed: group.spilled)
        }
        return isRestarted
    }

    /// Tracks of what is gone are dropped, so that the memory stays that of the snapshot.
    private static func advanced<Thing>(
        _ tracks: [UInt64: Track], _ things: [Thing], _ serial: KeyPath<Thing, UInt64>,
        _ sample: (Thing) -> Track.Sample
    ) -> [UInt64: Track] {
        var next: [UInt64: Track] = [:]
        next.reserveCapacity(things.count)
        for thing in things {
            var track = tracks[thing[keyPath: serial]] ?? Track()
            track.add(sample(thing))
            next[thing[keyPath: serial]] = track
        }
        return next
    }

    /// Puts what the daemon remembers of a channel before what was seen.
    mutating func recall(_ samples: [HistorySample], of serial: UInt64) {
        channels[serial]?.recall(samples)
    }

    /// What was known before a time, of what is still there.
    func before(_ milliseconds: UInt64) -> History {
        var past = History()
        past.epoch = epoch
        past.channels = channels.mapValues { $0.before(milliseconds) }
        past.listeners = listeners.mapValues { $0.before(milliseconds) }
        past.groups = groups.mapValues { $0.before(milliseconds) }
        return past
    }

    /// The sum over all channels; nil where no channel has been seen twice.
    var sum: Track.Rates {
        channels.values.reduce(into: Track.Rates()) { sum, track in
            let rates = track.rates
            sum.total = Self.plus(sum.total, rates.total)
            sum.inBytes = Self.plus(sum.inBytes, rates.inBytes)
            sum.outBytes = Self.plus(sum.outBytes, rates.outBytes)
            sum.failed = Self.plus(sum.failed, rates.failed)
        }
    }

    /// Clients per second that found no channel.
    var refused: Double? {
        listeners.values.reduce(into: nil) { $0 = Self.plus($0, $1.rates.failed) }
    }

    private static func plus(_ left: Double?, _ right: Double?) -> Double? {
        guard let left else { return right }
        return left + (right ?? 0)
    }
}
