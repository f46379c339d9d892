internal import Shared

// Where what was saved comes from, and where it goes.

extension SavedState {
    /// What is to be kept of a topology. `written` is the configuration as the file has it.
    init(of topology: Topology, written: Configuration, now: Instant, wallMilliseconds: UInt64) {
        let written = Self.channels(in: written)
        for service in topology.services {
            for (key, listener) in zip(service.listenerKeys, service.listeners) {
                listeners.append(SavedListener(key: key, totals: listener.shownTotals))
            }
            for (key, channel) in service.savedChannels {
                guard let state = SavedSwitch(channel.position) else { continue }
                var saved = SavedChannel(key: key)
                let inFile = written[key]
                if state != (inFile?.isEnabled ?? true ? .on : .off) {
                    let note = channel.note(now: now)
                    let age = now.elapsed(since: note.since) / 1_000_000
                    saved.state = state
                    saved.sinceMilliseconds = wallMilliseconds - min(age, wallMilliseconds)
                    // Why it is in grace or down is found out anew.
                    if state != .on { (saved.why, saved.by) = (note.why, note.by) }
                }
                if let weight = inFile?.weight, weight != channel.weight {
                    saved.weight = SavedWeight(live: channel.weight, written: weight)
                }
                saved.totals = channel.shownTotals
                channels.append(saved)
            }
        }
    }

    private static func channels(
        in configuration: Configuration
    ) -> [SavedKey: ChannelConfiguration] {
        var channels: [SavedKey: ChannelConfiguration] = [:]
        for service in configuration.services {
            for group in service.groups {
                for (key, channel) in zip(group.keys(in: service), group.channels) {
                    channels[key] = channel
                }
            }
        }
        return channels
    }

    /// The configuration of the file with the weights that were set live, where the file is still the same.
    func weighing(_ configuration: Configuration) -> Configuration {
        let weights = Dictionary(
            channels.compactMap { channel in channel.weight.map { (channel.key, $0) } },
            uniquingKeysWith: { first, _ in first })
        guard !weights.isEmpty else { return configuration }
        var configuration = configuration
        for (s, service) in configuration.services.enumerated() {
            for (g, group) in service.groups.enumerated() {
                for (c, key) in group.keys(in: service).enumerated() {
                    guard let weight = weights[key], ValueReader.weights.contains(weight.live),
                        group.channels[c].weight == weight.written
                    else { continue }
                    configuration.services[s].groups[g].channels[c].weight = weight.live
                }
            }
        }
        return configuration
    }

    /// Restores the saved state in a topology that is not used yet.
    func restore(_ topology: Topology, now: Instant, wallMilliseconds: UInt64) {
        let saved = Dictionary(
            channels.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let totals = Dictionary(
            listeners.map { ($0.key, $0.totals) }, uniquingKeysWith: { first, _ in first })
        for service in topology.services {
            for (key, listener) in zip(service.listenerKeys, service.listeners) {
                if let totals = totals[key] { listener.counters.first?.restore(totals) }
            }
            for (key, channel) in service.savedChannels {
                guard let saved = saved[key] else { continue }
                channel.counters.first?.restore(saved.totals)
                guard let state = saved.state else { continue }
                let age = wallMilliseconds - min(saved.sinceMilliseconds, wallMilliseconds)
                let (nanoseconds, isLong) = age.multipliedReportingOverflow(by: 1_000_000)
                let since =
                    isLong || nanoseconds >= now.nanoseconds
                    ? Instant(nanoseconds: 1)
                    : Instant(nanoseconds: now.nanoseconds - nanoseconds)
                channel.restore(
                    state.position,
                    Channel.Note(since: since, why: saved.why, by: saved.by))
            }
            // Who has carried less in another life has nothing to catch up on.
            for group in service.groups { group.startEven(now: now) }
        }
    }
}

extension Service {
    fileprivate var listenerKeys: [SavedKey] {
        SavedKey.keys(of: listeners.map { ($0.name, $0.settings.endpoint) }, in: name)
    }

    fileprivate var savedChannels: [(SavedKey, Channel)] {
        groups.flatMap { group in
            let channels = group.channels
            let keys = SavedKey.keys(
                of: channels.map { ($0.name, $0.endpoint) }, in: "\(name)/\(group.name)")
            return Array(zip(keys, channels))
        }
    }
}

extension GroupConfiguration {
    fileprivate func keys(in service: ServiceConfiguration) -> [SavedKey] {
        SavedKey.keys(of: channels.map { ($0.name, $0.endpoint) }, in: "\(service.name)/\(name)")
    }
}
