internal import Synchronization

/// Everything that was found out about a channel and counted for it, as another process can go on with it.
/// What it was told to be is in the configuration.
struct ChannelRuntimeState: Sendable {
    var position = Channel.Switch.on
    var graceEnd = Instant.zero
    var returned = Instant.zero
    var filledAt = Instant.zero
    var isDiscarded = false
    var note = Channel.Note(since: .zero)
    var health = PassiveHealth.Memory()
    var hasFailed = false
    /// It had a grace time, and nothing has connected since.
    var awaitsProof = false
    /// As `PeakLatency` has it.
    var latency: UInt64 = 0
    var probes = ProbeRecord.Told()
    /// The latest first.
    var mishaps: [ChannelErrors.Mishap] = []
    var causes: [String: UInt64] = [:]
    var totals = TrafficCounters.Totals()
    /// What `reset` has taken off.
    var baseline = TrafficCounters.Totals()
    var connect = TimeHistogram.Totals()
    var firstByte = TimeHistogram.Totals()
    var session = TimeHistogram.Totals()

    /// Without what was found out about its address, as it has another one now.
    var counted: ChannelRuntimeState {
        var counted = self
        counted.graceEnd = .zero
        counted.isDiscarded = false
        counted.note = Channel.Note(since: note.since, why: "has another address")
        counted.health = PassiveHealth.Memory()
        counted.hasFailed = false
        counted.awaitsProof = false
        counted.latency = 0
        counted.probes = ProbeRecord.Told()
        return counted
    }
}

extension Channel {
    var standing: ChannelRuntimeState {
        var standing = ChannelRuntimeState(
            position: position, graceEnd: Instant(nanoseconds: graceEnd.load(ordering: .relaxed)),
            returned: Instant(nanoseconds: returned.load(ordering: .relaxed)),
            filledAt: Instant(nanoseconds: slots.filledAt.load(ordering: .relaxed)),
            isDiscarded: isDiscarded.load(ordering: .relaxed), note: note.withLock { $0 },
            health: health.withLock { $0.memory }, hasFailed: hasFailed.load(ordering: .relaxed),
            latency: latency.word, probes: probes.last, mishaps: mishaps.all,
            causes: mishaps.counts, totals: totals, baseline: baseline.present)
        standing.awaitsProof = awaitsProof.load(ordering: .relaxed)
        (standing.connect, standing.firstByte, standing.session) = histograms
        return standing
    }

    /// Goes on where another process has stopped; before any worker runs.
    func resume(_ standing: ChannelRuntimeState) {
        switched.store(standing.position.rawValue, ordering: .relaxed)
        graceEnd.store(standing.graceEnd.nanoseconds, ordering: .relaxed)
        returned.store(standing.returned.nanoseconds, ordering: .relaxed)
        slots.filledAt.store(standing.filledAt.nanoseconds, ordering: .relaxed)
        isDiscarded.store(standing.isDiscarded, ordering: .relaxed)
        note.withLock { $0 = standing.note }
        health.withLock { $0 = PassiveHealth(standing.health) }
        hasFailed.store(standing.hasFailed, ordering: .relaxed)
        awaitsProof.store(standing.awaitsProof, ordering: .relaxed)
        latency.resume(standing.latency)
        probes.resume(standing.probes)
        mishaps.resume(standing.mishaps, standing.causes)
        baseline.reset(to: standing.baseline)
        // One worker's are as good as another's: whoever asks adds them up.
        counters.first?.restore(standing.totals)
        timings.first?.connect.add(standing.connect)
        timings.first?.firstByte.add(standing.firstByte)
        timings.first?.session.add(standing.session)
    }
}
