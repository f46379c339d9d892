internal import Shared

/// The rows of the channel table: headings that fold, and channels below them.
struct Outline: CursorRows, Sendable {
    enum Row: Equatable, Sendable {
        case service(Picture.Service, isFolded: Bool)
        case group(Picture.Group, next: String?, isFolded: Bool)
        case channel(ChannelSnapshot)

        var subject: Subject {
            switch self {
            case .service(let service, _): .service(service.name)
            case .group(let group, _, _): .group(serial: group.snapshot.serial)
            case .channel(let channel): .channel(serial: channel.serial)
            }
        }
    }

    let rows: [Row]

    /// With a filter only the channels that meet it are there, and the headings above them.
    init(
        _ picture: Picture?, folded: Set<Subject>, filter: Filter? = nil,
        order: ChannelOrder? = nil
    ) {
        guard let picture else {
            rows = []
            return
        }
        var rows: [Row] = []
        let hasServices = picture.services.count > 1
        for service in picture.services {
            let isFolded = hasServices && folded.contains(.service(service.name))
            let groups = service.groups.enumerated().filter { _, group in
                filter.map { filter in group.channels.contains { filter.matches($0.row) } } ?? true
            }
            guard filter == nil || !groups.isEmpty else { continue }
            if hasServices { rows.append(.service(service, isFolded: isFolded)) }
            guard !isFolded else { continue }
            for (index, group) in groups {
                let next = index + 1 < service.groups.count ? service.groups[index + 1].title : nil
                let isGroupFolded = folded.contains(.group(serial: group.snapshot.serial))
                rows.append(.group(group, next: next, isFolded: isGroupFolded))
                guard !isGroupFolded else { continue }
                let channels = order?.ordered(group.channels) ?? group.channels
                rows.append(
                    contentsOf: channels.filter { filter?.matches($0.row) ?? true }
                        .map { .channel($0) })
            }
        }
        self.rows = rows
    }

    var count: Int { rows.count }

    func subject(at index: Int) -> Subject? {
        rows.indices.contains(index) ? rows[index].subject : nil
    }

    /// The first channel, which is what the keys act on.
    var firstChoice: Int {
        rows.firstIndex { if case .channel = $0 { true } else { false } } ?? 0
    }

    func index(of subject: Subject) -> Int? { rows.firstIndex { $0.subject == subject } }

    /// The heading that a row lies under.
    func heading(above index: Int) -> Int? {
        guard rows.indices.contains(index) else { return nil }
        for above in stride(from: index - 1, through: 0, by: -1) {
            switch (rows[above], rows[index]) {
            case (.group, .channel), (.service, .group): return above
            default: continue
            }
        }
        return nil
    }
}
