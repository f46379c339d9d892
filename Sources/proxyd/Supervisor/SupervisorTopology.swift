internal import Shared

/// What a change of the topology needs, and what follows from it.
extension Supervisor: TopologyAudience {
    func prepare(_ configuration: Configuration) throws(StartError) {
        try logs.logs.prepare(configuration.log)
    }

    func lookUp(_ names: [Endpoint], then finish: @escaping (WorkerReply) -> Void) {
        self.names.lookUp(names, question: core.workers.addQuery(then: finish))
    }

    func topologyChanged(
        _ difference: ConfigurationDifference, by actor: Actor?, removed: [Channel]
    ) {
        for row in difference.rows { emit(Event(row, by: actor)) }
        logs.logs.commit()
        core.limits = DaemonLimits(
            descriptors: limits.descriptors, for: configuration, workers: share.workers.count)
        share.admission.setLimit(limits.sessions)
        channels.forget(removed)
        channels.follow(topology)
        if !removed.isEmpty { core.workers.send(.forget(removed.map(\.serial))) }
        share.raiseGeneration()
        elections.follow(topology)
        prober.watch(topology.channels, now: now)
        names.follow(topology)
        listeners.topologyChanged()
        channelsChanged()
    }

    func cut(_ channels: [Channel], then finish: @escaping (Int) -> Void) {
        let serials = Set(channels.map(\.serial))
        ask({ .cutChannels(serials: serials, question: $0) }) { finish($0.cutCount) }
    }

    func end(_ removals: [Reconfiguration.Removal], then finish: @escaping (Int) -> Void) {
        expiring.cut(removals, then: finish)
    }

    func end(_ removal: Reconfiguration.Removal, after time: Duration) {
        expiring.add(removal, after: time)
    }
}

extension Supervisor: ElectionAudience {
    func handle(_ step: ElectionStep) {
        for line in core.events.messages?.lines(about: step) ?? [] { Log.verbatim(line) }
    }

    func electionChanged() {
        share.raiseGeneration()
        channelsChanged()
    }

    func supersede(_ channel: Channel) { core.workers.send(.supersede(channel.serial)) }
}
