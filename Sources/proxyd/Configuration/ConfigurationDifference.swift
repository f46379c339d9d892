internal import Shared
internal import Yams

/// What differs between two configurations, as people and programs see it: a row per thing that came or
/// went, and per key that has another value.
struct ConfigurationDifference: Equatable, Sendable {
    struct Row: Equatable, Sendable {
        /// What the path is of.
        enum Kind: String, Sendable {
            case daemon, service, listener, group, channel
        }

        var kind: Kind
        var path: String
        /// A key, as in the file: `timeouts.idle`. Of a whole thing what it is: `channel`.
        var field: String
        /// nil: it was not there.
        var from: String?
        /// nil: it is there no more.
        var to: String?
    }

    private(set) var rows: [Row] = []

    var isEmpty: Bool { rows.isEmpty }

    init(from old: Configuration, to new: Configuration) {
        keys(old.daemonSettings, new.daemonSettings, of: .daemon, at: "daemon")
        for pair in Self.pairs(old.services, new.services, \.name) {
            switch pair {
            case (let old?, let new?): change(old, new)
            case (let old?, nil):
                rows.append(
                    Row(kind: .service, path: old.name, field: "service", from: old.summary))
            case (nil, let new?): create(new)
            case (nil, nil): break
            }
        }
        order(
            old.services.map(\.name), new.services.map(\.name), of: .daemon, "services",
            at: "daemon")
    }

    var table: Table {
        var table = Table(columns: ["path", "field", "from", "to"])
        for row in rows {
            table.append([row.path, row.field, row.from ?? Table.absent, row.to ?? Table.absent])
        }
        return table
    }

    // MARK: Services

    private mutating func create(_ service: ServiceConfiguration) {
        rows.append(
            Row(kind: .service, path: service.name, field: "service", to: service.summary))
        let old = ServiceConfiguration(name: service.name)
        change(old, service)
    }

    private mutating func change(_ old: ServiceConfiguration, _ new: ServiceConfiguration) {
        guard old != new else { return }
        let path = new.name
        keys(
            old.settings.node(.whole).leaves, new.settings.node(.whole).leaves, of: .service,
            at: path)
        secrets(old.settings.node(.whole), new.settings.node(.whole), of: .service, at: path)
        files(of: .service, at: path, old.access, new.access)
        for (before, after) in Self.pairs(old.listeners, new.listeners, \.name) {
            let listenerPath = "\(path)/\(after?.name ?? before?.name ?? "")"
            thing(
                .listener, at: listenerPath, before?.node(.whole, in: old),
                after?.node(.whole, in: new), before?.summary(in: old), after?.summary(in: new))
            if let before, let after {
                files(of: .listener, at: listenerPath, before.access, after.access)
            }
        }
        for (before, after) in Self.pairs(old.groups, new.groups, \.name) {
            group(before, after, in: path)
        }
        order(
            old.listeners.map(\.name), new.listeners.map(\.name), of: .service, "listen", at: path)
        order(old.groups.map(\.name), new.groups.map(\.name), of: .service, "groups", at: path)
    }

    private mutating func group(
        _ old: GroupConfiguration?, _ new: GroupConfiguration?, in service: String
    ) {
        guard old != new else { return }
        let path = "\(service)/\(new?.name ?? old?.name ?? "")"
        thing(
            .group, at: path, old?.settings.node(.whole), new?.settings.node(.whole),
            old?.summary, new?.summary)
        guard let new else { return }
        let before = old?.channels ?? []
        for (before, after) in Self.pairs(before, new.channels, \.name) {
            thing(
                .channel, at: "\(path)/\(after?.name ?? before?.name ?? "")",
                before?.node(.whole), after?.node(.whole), before?.summary, after?.summary)
        }
        order(before.map(\.name), new.channels.map(\.name), of: .group, "channels", at: path)
    }

    /// The rules are the same, but a file that they name holds something else.
    private mutating func files(
        of kind: Row.Kind, at path: String, _ old: [AccessRule], _ new: [AccessRule]
    ) {
        guard old != new, old.text == new.text else { return }
        for (before, after) in zip(old, new) where before != after {
            guard let from = [before].files.first, let to = [after].files.first else { continue }
            rows.append(
                Row(
                    kind: kind, path: path, field: "access",
                    from: "\(from.path): \(from.count) networks",
                    to: "\(to.path): \(to.count) networks"))
        }
    }

    // MARK: Comparing

    private typealias Leaves = [(key: String, text: String)]

    private mutating func thing(
        _ kind: Row.Kind, at path: String, _ old: Node?, _ new: Node?, _ oldSummary: String?,
        _ newSummary: String?
    ) {
        if let old, let new {
            keys(old.leaves, new.leaves, of: kind, at: path)
            secrets(old, new, of: kind, at: path)
        } else {
            rows.append(
                Row(
                    kind: kind, path: path, field: kind.rawValue, from: oldSummary, to: newSummary))
        }
    }

    private mutating func keys(
        _ old: Leaves, _ new: Leaves, of kind: Row.Kind, at path: String
    ) {
        for (key, text) in new where key != "name" {
            let before = old.first { $0.key == key }?.text
            if before != text {
                rows.append(Row(kind: kind, path: path, field: key, from: before, to: text))
            }
        }
        for (key, text) in old where !new.contains(where: { $0.key == key }) {
            rows.append(Row(kind: kind, path: path, field: key, from: text))
        }
    }

    /// What looks the same, as it is hidden, and is not.
    private mutating func secrets(_ old: Node, _ new: Node, of kind: Row.Kind, at path: String) {
        let (before, after) = (old.leaves(.revealed), new.leaves(.revealed))
        for (shown, exact) in zip(new.leaves, after) where shown.text != exact.text {
            let wasShown = old.leaves.first { $0.key == shown.key }?.text
            guard wasShown == shown.text,
                before.first(where: { $0.key == exact.key })?.text != exact.text
            else { continue }
            rows.append(
                Row(
                    kind: kind, path: path, field: shown.key, from: shown.text,
                    to: "\(shown.text), another one"))
        }
    }

    /// What differs, old and new: first what went, then what stayed or came, in its order.
    private static func pairs<Thing: Equatable>(
        _ old: [Thing], _ new: [Thing], _ name: (Thing) -> String
    ) -> [(Thing?, Thing?)] {
        guard old != new else { return [] }
        let before = Dictionary(old.map { (name($0), $0) }) { first, _ in first }
        let after = Set(new.map(name))
        return old.filter { !after.contains(name($0)) }.map { ($0, nil) }
            + new.map { (before[name($0)], $0) }.filter { $0 != $1 }
    }

    /// Those that stay may stand in another order, which says who is tried first.
    private mutating func order(
        _ old: [String], _ new: [String], of kind: Row.Kind, _ field: String, at path: String
    ) {
        guard old != new else { return }
        let (before, after) = (Set(old), Set(new))
        let kept = old.filter { after.contains($0) }
        guard kept != new.filter({ before.contains($0) }) else { return }
        rows.append(
            Row(
                kind: kind, path: path, field: field, from: old.joined(separator: " "),
                to: new.joined(separator: " ")))
    }
}

// Things in the words with which `create` would make them.

extension ChannelConfiguration {
    var summary: String { node().leaves.summary(of: name) }
}

extension ListenerConfiguration {
    func summary(in service: ServiceConfiguration) -> String {
        node(.difference, in: service).leaves.summary(of: name)
    }
}

extension GroupConfiguration {
    var summary: String {
        let keys = settings.node(.difference).leaves.map { "\($0.key)=\($0.text)" }
        return (channels.map { "\($0.endpoint)" } + keys).joined(separator: " ")
    }
}

extension ServiceConfiguration {
    var summary: String {
        (listeners.map { "listen=\($0.endpoint)" }
            + groups.flatMap(\.channels).map { "\($0.endpoint)" })
            .joined(separator: " ")
    }
}

extension [(key: String, text: String)] {
    /// The address, and what else there is to say. A number for a name is given again by itself.
    fileprivate func summary(of name: String) -> String {
        map { key, text in
            key == "address" ? text : key == "name" && Int(name) != nil ? "" : "\(key)=\(text)"
        }.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
