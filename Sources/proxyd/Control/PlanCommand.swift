internal import Shared

/// `plan LINE`: what a line that changes something would do, without doing it.
enum PlanCommand {
    static var emptyTable: Table { Table(columns: ["path", "fact", "before", "after"]) }

    static func run(_ request: ControlRequest) {
        guard let entry = CommandTable.entry(for: request.words) else {
            return request.refuse(
                .usage, "plan LINE, with a line that changes something, as in plan drain 0/2")
        }
        guard entry.mutates, let plan = entry.plan else {
            return request.refuse(
                .usage, "“\(entry.verb)” changes nothing; there is no plan for it")
        }
        var request = request
        request.words.removeFirst(entry.verb.split(separator: " ").count)
        request.words.removeAll { $0.hasPrefix("if-gen=") }
        plan(request)
    }

    /// The consequences of another configuration, and of switches beside it.
    static func answer(
        _ request: ControlRequest, for target: Configuration, _ steps: [Transaction.Step],
        cuts: Bool
    ) {
        let running = request.state.configuration
        var table = emptyTable
        for row in ConfigurationDifference(from: running, to: target).rows {
            table.append([row.path, row.field, row.from ?? Table.absent, row.to ?? Table.absent])
        }
        let before = CapacityModel(request.state.topology, now: .now)
        var after = before.after(target)
        for case .turn(let path, let position) in steps {
            after = after.turning(after.paths(at: path), on: position == .on)
        }
        // What is taken away is cut; what is only switched beside it is not.
        let removed = before.paths.subtracting(after.paths)
        let cutting = removed.filter { path in
            cuts || running.onRemove(ofService: path.servicePart, after: target) == .cut
        }
        append(
            before, after, cutting: cutting,
            alsoCut: sessions(ofListenersCutBy: target, request.state.topology), to: &table)
        request.answer(table)
    }

    /// Of services that stay and cut what they have no longer.
    private static func sessions(
        ofListenersCutBy target: Configuration, _ topology: Topology
    ) -> Int {
        target.services.filter { $0.onRemove == .cut }.reduce(0) { count, settings in
            let present = topology.services.first { $0.name == settings.name }
            return count
                + (present?.listeners ?? []).filter { $0.isRemoved(by: settings) }
                .reduce(0) { $0 + $1.current }
        }
    }

    /// The consequences of switching channels.
    static func answer(
        _ request: ControlRequest, turning channels: [Channel], to position: Channel.Switch,
        cuts: Bool
    ) {
        var table = emptyTable
        let now = Instant.now
        for channel in channels where channel.position != position {
            let state = channel.state(now: now)
            let after: ChannelState =
                switch position {
                case .on: channel.isDown ? .down : .up
                case .draining: .drain
                default: .off
                }
            table.append([channel.path, "state", state.rawValue, after.rawValue])
        }
        let before = CapacityModel(request.state.topology, now: now)
        // What its probes have found out stays, whatever a person wants.
        let meant = channels.filter { position != .on || !$0.isDown }
        let after = before.turning(Set(meant.map(\.path)), on: position == .on)
        append(before, after, cutting: cuts ? Set(channels.map(\.path)) : [], to: &table)
        request.answer(table)
    }

    /// A line with a consequence that needs no comparison.
    static func answer(_ request: ControlRequest, _ rows: [[String]]) {
        var table = emptyTable
        for row in rows { table.append(row) }
        request.answer(table)
    }

    // MARK: Comparing

    private static func append(
        _ before: CapacityModel, _ after: CapacityModel, cutting: Set<String>, alsoCut: Int = 0,
        to table: inout Table
    ) {
        func text(_ number: Int?) -> String { number.map { String($0) } ?? Table.absent }
        let groupsAfter = after.services.flatMap(\.groups)
        for group in before.services.flatMap(\.groups) {
            let later = groupsAfter.first { $0.path == group.path }
            guard group != later else { continue }
            table.append([group.path, "usable", text(group.usable), text(later?.usable ?? 0)])
            table.append([
                group.path, "slots", text(group.slots), text(later.map { $0.slots } ?? 0),
            ])
            let moved = RemapEstimate.percent(from: group, to: later)
            if let moved { table.append([group.path, "clients_moved_percent", "0", text(moved)]) }
        }
        for group in groupsAfter where !before.services.contains(where: { $0.has(group.path) }) {
            table.append([group.path, "usable", "0", text(group.usable)])
            table.append([group.path, "slots", "0", text(group.slots)])
        }
        for service in before.services {
            let later = after.services.first { $0.name == service.name }
            let (old, new) = (service.active?.path, later?.active?.path)
            if old != new {
                table.append([
                    service.name, "takes_sessions", old ?? Table.absent, new ?? Table.absent,
                ])
            }
        }
        append(sessionsOf: before, after, cutting: cutting, alsoCut: alsoCut, to: &table)
    }

    /// What becomes of the sessions that run on channels which are cut, or which take no more.
    private static func append(
        sessionsOf before: CapacityModel, _ after: CapacityModel, cutting: Set<String>,
        alsoCut: Int,
        to table: inout Table
    ) {
        let later = Dictionary(
            after.services.flatMap { $0.groups.flatMap(\.channels) }.map { ($0.path, $0) }
        ) { first, _ in first }
        var (cut, kept): (Int?, Int?) = (alsoCut > 0 ? alsoCut : nil, nil)
        for channel in before.services.flatMap({ $0.groups.flatMap(\.channels) }) {
            if cutting.contains(channel.path) {
                cut = (cut ?? 0) + channel.sessions
            } else if later[channel.path].map({ !$0.isUsable && channel.isUsable }) ?? true {
                kept = (kept ?? 0) + channel.sessions
            }
        }
        if let cut { table.append(["daemon", "sessions_cut", String(cut), "0"]) }
        if let kept { table.append(["daemon", "sessions_kept", String(kept), String(kept)]) }
    }
}

extension CapacityModel {
    fileprivate var paths: Set<String> {
        Set(services.flatMap { $0.groups.flatMap(\.channels) }.map(\.path))
    }

    /// The channels that a path names.
    fileprivate func paths(at path: String) -> Set<String> {
        let all = services.flatMap { $0.groups.flatMap(\.channels) }.map(\.path)
        let only = services.count == 1 ? services[0].name : nil
        let prefixes = [path] + (only.map { ["\($0)/\(path)"] } ?? [])
        return Set(
            all.filter { candidate in
                prefixes.contains { candidate == $0 || candidate.hasPrefix($0 + "/") }
            })
    }
}

extension String {
    /// `mail` of `mail/main/0`.
    fileprivate var servicePart: String { String(prefix { $0 != "/" }) }
}

extension Configuration {
    /// What becomes of the sessions of what a change takes away from a service, or with the service.
    fileprivate func onRemove(ofService name: String, after target: Configuration) -> OnRemove {
        let service =
            target.services.first { $0.name == name } ?? services.first { $0.name == name }
        return service?.onRemove ?? .keep
    }
}

extension CapacityModel.Service {
    fileprivate func has(_ path: String) -> Bool { groups.contains { $0.path == path } }
}
