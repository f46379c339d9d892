internal import Shared

/// The rows of the channel table: headings that fold, and channels below them.
struct Outline: CursorRows, Sendable {
    enum Row: Equatable, Sendable {
        case service(DaemonSnapshot.Service, isFolded: Bool)
        case group(DaemonSnapshot.Group, next: String?, isFolded: Bool)
        case channel(ChannelSnapshot)
        /// Channels of a group that are up, in one line.
        case quiet([ChannelSnapshot], group: UInt64)

        var subject: Subject {
            switch self {
            case .service(let service, _): .service(service.name)
            case .group(let group, _, _): .group(serial: group.snapshot.serial)
            case .channel(let channel): .channel(serial: channel.serial)
            case .quiet(_, let group): .quiet(group: group)
            }
        }
    }

    let rows: [Row]

    /// Fewer are not worth hiding.
    static let fewestQuiet = 4

    /// When a list is so long that it says nothing: what of it is left out.
    struct Quiet: Sendable {
        /// Channels that are shown all the same, and groups that are shown whole.
        var kept: Set<Subject>
        var whole: Set<UInt64>
    }

    /// `quiet`: the list is longer than the screen, so channels that are up become one line.
    ///
    /// `matching`: with a filter only the channels that meet it are there, and the headings above them.
    ///
    /// `isFlat`: no headings; what is folded or quiet is there, too.
    init(
        _ snapshot: DaemonSnapshot?, folded: Set<Subject>, matching: Set<UInt64>? = nil,
        order: ChannelOrder? = nil, quiet: Quiet? = nil, isFlat: Bool = false
    ) {
        guard let snapshot else {
            rows = []
            return
        }
        guard !isFlat else {
            let all = snapshot.services.flatMap { $0.groups.flatMap(\.channels) }
            let kept = all.filter { matching?.contains($0.serial) ?? true }
            rows = (order?.ordered(kept) ?? kept).map { .channel($0) }
            return
        }
        var rows: [Row] = []
        let hasServices = snapshot.services.count > 1
        for service in snapshot.services {
            let isFolded = hasServices && folded.contains(.service(service.name))
            let groups = service.groups.enumerated().filter { _, group in
                matching.map { serials in
                    group.channels.contains { serials.contains($0.serial) }
                } ?? true
            }
            guard matching == nil || !groups.isEmpty else { continue }
            if hasServices { rows.append(.service(service, isFolded: isFolded)) }
            guard !isFolded else { continue }
            for (index, group) in groups {
                let next = index + 1 < service.groups.count ? service.groups[index + 1].title : nil
                let isGroupFolded = folded.contains(.group(serial: group.snapshot.serial))
                rows.append(.group(group, next: next, isFolded: isGroupFolded))
                guard !isGroupFolded else { continue }
                if let quiet, order == nil, matching == nil,
                    !quiet.whole.contains(group.snapshot.serial)
                {
                    rows += Self.hushed(group, quiet)
                    continue
                }
                let channels = order?.ordered(group.channels) ?? group.channels
                rows.append(
                    contentsOf: channels.filter { matching?.contains($0.serial) ?? true }
                        .map { .channel($0) })
            }
        }
        self.rows = rows
    }

    /// Rows with something to report, then the rest in one line.
    private static func hushed(_ group: DaemonSnapshot.Group, _ quiet: Quiet) -> [Row] {
        var told: [Row] = []
        var rest: [ChannelSnapshot] = []
        for channel in group.channels {
            if channel.state == .up, !quiet.kept.contains(.channel(serial: channel.serial)) {
                rest.append(channel)
            } else {
                told.append(.channel(channel))
            }
        }
        guard rest.count >= fewestQuiet else { return group.channels.map { .channel($0) } }
        return told + [.quiet(rest, group: group.snapshot.serial)]
    }

    var count: Int { rows.count }

    func subject(at index: Int) -> Subject? {
        rows.indices.contains(index) ? rows[index].subject : nil
    }

    /// The first channel, which is what the keys act on.
    var firstChoice: Int {
        rows.firstIndex { if case .channel = $0 { true } else { false } }
            ?? rows.firstIndex { if case .quiet = $0 { true } else { false } } ?? 0
    }

    func index(of subject: Subject) -> Int? { rows.firstIndex { $0.subject == subject } }

    /// The heading that a row lies under.
    func heading(above index: Int) -> Int? {
        guard rows.indices.contains(index) else { return nil }
        for above in stride(from: index - 1, through: 0, by: -1) {
            switch (rows[above], rows[index]) {
            case (.group, .channel), (.group, .quiet), (.service, .group): return above
            default: continue
            }
        }
        return nil
    }
}
