internal import Shared

/// Commands about who is primary. They are answered when it is known what came of them.
enum ElectionCommands {
    static func promote(_ request: ControlRequest) {
        guard let path = word(of: request, usage: "promote PATH, with a channel’s path") else {
            return
        }
        let found = PathResolver(topology: request.state.topology).channels(at: path)
        guard let found, found.count == 1, let channel = found.first else {
            return request.refuse(.notFound, "no single channel “\(path.prefix(80))”")
        }
        let elections = request.changes.elections
        guard let group = elections.election(of: channel) else {
            return request.refuse(
                .invalid, "\(channel.path) is in no group with “balance: primary”")
        }
        guard channel.isSwitchedOn else {
            return request.refuse(.invalid, "\(channel.path) is switched off; enable it first")
        }
        let before = group.primary
        elections.promote(channel, in: group, by: request.peer.actor) { outcome in
            switch outcome {
            case .elected(let elected) where elected === channel:
                answer(request, [(group, before, channel)])
            case .elected(let other):
                request.refuse(
                    .conflict,
                    "\(channel.path) would not do, \(other.path) is primary: \(group.complaint)")
            case .kept(let primary, let why):
                request.refuse(
                    .conflict, "\(channel.path) would not do, \(primary.path) stays primary: \(why)"
                )
            case .vacant:
                request.refuse(
                    .conflict, "no channel of \(group.group.path) would do: \(group.complaint)")
            }
        }
    }

    static func elect(_ request: ControlRequest) {
        guard let name = word(of: request, usage: "elect SERVICE") else { return }
        guard let service = PathResolver(topology: request.state.topology).service(at: name) else {
            return request.refuse(.notFound, "no service “\(name.prefix(80))”")
        }
        let elections = request.changes.elections
        let groups = elections.groups.filter { $0.service === service }
        guard !groups.isEmpty else {
            return request.refuse(
                .invalid, "\(service.name) has no group with “balance: primary”")
        }
        var missing = groups.count
        let before = groups.map(\.primary)
        for group in groups {
            elections.elect(group, by: request.peer.actor) { _ in
                missing -= 1
                guard missing == 0 else { return }
                answer(request, zip(groups, before).map { ($0, $1, $0.primary) })
            }
        }
    }

    static func planPromote(_ request: ControlRequest) {
        let resolver = PathResolver(topology: request.state.topology)
        guard let path = word(of: request, usage: "plan promote PATH") else { return }
        guard let channel = resolver.channels(at: path)?.first,
            let group = request.changes.elections.election(of: channel)
        else { return request.refuse(.notFound, "no channel of an election “\(path.prefix(80))”") }
        PlanCommand.answer(
            request,
            [[group.group.path, "primary", group.primary?.path ?? Table.absent, channel.path]])
    }

    /// The result is not known in advance; sessions wait, or are refused, until it is done.
    static func planElect(_ request: ControlRequest) {
        guard let name = word(of: request, usage: "plan elect SERVICE") else { return }
        guard let service = PathResolver(topology: request.state.topology).service(at: name) else {
            return request.refuse(.notFound, "no service “\(name.prefix(80))”")
        }
        let groups = request.changes.elections.groups.filter { $0.service === service }
        PlanCommand.answer(
            request,
            groups.map {
                [$0.group.path, "primary", $0.primary?.path ?? Table.absent, Table.absent]
            })
    }

    private static func word(of request: ControlRequest, usage: String) -> String? {
        if request.words.count == 1 { return request.words[0] }
        request.refuse(.usage, usage)
        return nil
    }

    private static func answer(
        _ request: ControlRequest, _ changes: [(GroupElection, Channel?, Channel?)]
    ) {
        var table = Table(columns: ["path", "field", "from", "to"])
        for (group, before, after) in changes where before !== after {
            table.append(
                [
                    group.group.path, "primary", before?.path ?? Table.absent,
                    after?.path ?? Table.absent,
                ])
        }
        request.answer(table)
    }
}
