internal import Synchronization

/// Everything that was found out about a channel and counted for it, as another process can go on with it.
/// Its settings are in the configuration.
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
    var probes = ProbeRecord.Latest()
    /// The latest first.
    var errors: [ChannelErrors.Entry] = []
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
        counted.probes = ProbeRecord.Latest()
        return counted
    }
}

extension Channel {
    var runtimeState: ChannelRuntimeState {
        var state = ChannelRuntimeState(
            position: position, graceEnd: Instant(nanoseconds: graceEnd.load(ordering: .relaxed)),
            returned: Instant(nanoseconds: returned.load(ordering: .relaxed)),
            filledAt: Instant(nanoseconds: slots.filledAt.load(ordering: .relaxed)),
            isDiscarded: isDiscarded.load(ordering: .relaxed), note: note.withLock { $0 },
            health: health.withLock { $0.memory }, hasFailed: hasFailed.load(ordering: .relaxed),
            latency: latency.word, probes: probes.last, errors: errors.all,
            causes: errors.counts, totals: totals, baseline: baseline.present)
        state.awaitsProof = awaitsProof.load(ordering: .relaxed)
        (state.connect, state.firstByte, state.session) = histograms
        return state
    }

    /// Goes on where another process has stopped; before any worker runs.
    func restore(_ state: ChannelRuntimeState) {
        switched.store(state.position.rawValue, ordering: .relaxed)
        graceEnd.store(state.graceEnd.nanoseconds, ordering: .relaxed)
        returned.store(state.returned.nanoseconds, ordering: .relaxed)
        slots.filledAt.store(state.filledAt.nanoseconds, ordering: .relaxed)
        isDiscarded.store(state.isDiscarded, ordering: .relaxed)
        note.withLock { $0 = state.note }
        health.withLock { $0 = PassiveHealth(state.health) }
        hasFailed.store(state.hasFailed, ordering: .relaxed)
        awaitsProof.store(state.awaitsProof, ordering: .relaxed)
        latency.restore(state.latency)
        probes.restore(state.probes)
        errors.restore(state.errors, state.causes)
        baseline.reset(to: state.baseline)
        // Any worker's will do: readers add them up.
        counters.first?.restore(state.totals)
        timings.first?.connect.add(state.connect)
        timings.first?.firstByte.add(state.firstByte)
        timings.first?.session.add(state.session)
    }
}
