internal import Glibc
internal import Shared

/// What the configuration names and the daemon cannot do any more, now that it has given up its privileges:
/// said at the start, and not when it is needed.
struct PrivilegeAudit {
    /// A line each: what, and how to mend it.
    private(set) var lines: [String] = []

    private let privileges: PrivilegesConfiguration

    /// Looks at the files as the daemon sees them now.
    init(_ configuration: Configuration, file: String?) {
        privileges = configuration.privileges
        guard privileges.isAsked else { return }
        if let file, file != "-" {
            look(at: file, R_OK, "is not readable any more, so it cannot be reloaded")
        }
        if let path = configuration.stateFile, let slash = path.lastIndex(of: "/") {
            look(
                at: String(path[...slash]), W_OK | X_OK,
                "cannot be written, so the state file there is not kept")
        }
        for script in configuration.scripts {
            look(at: script, X_OK, "cannot be run")
        }
        for path in configuration.certificatePaths {
            look(at: path, R_OK, "is not readable any more, so a reload keeps what it held")
        }
        for path in configuration.channelPaths {
            look(at: path, F_OK, "is not there")
        }
        if privileges.chroot != nil, configuration.hasNames,
            unsafe access("/etc/resolv.conf", R_OK) != 0
        {
            lines.append(
                "in \(root) there is no /etc/resolv.conf, so names do not resolve again; copy it there, "
                    + "with /etc/hosts and /etc/nsswitch.conf, or write “resolve: never”")
        }
    }

    private var root: String { privileges.chroot ?? "/" }

    private mutating func look(at path: String, _ mode: CInt, _ problem: String) {
        guard unsafe access(path, mode) != 0 else { return }
        let words = SystemError("access")
        let place = privileges.chroot.map { " in \($0)" } ?? ""
        let who = privileges.user.map { " for user \($0)" } ?? ""
        lines.append("\(path)\(place) \(problem)\(who): \(SystemError.words(for: words.number))")
    }

    /// A listener that closes when no channel is usable, and could not be opened again: an error, as it
    /// would stay closed for good.
    static func check(_ configuration: Configuration) throws(StartError) {
        let privileges = configuration.privileges
        guard privileges.isAsked, !privileges.keepsBind else { return }
        for service in configuration.services {
            let refuses = service.groups.contains { $0.election.whileElecting == .refuse }
            for listener in service.listeners
            where (refuses || listener.whenEmpty == .refuse) && listener.endpoint.isPrivileged {
                throw StartError(
                    code: .configuration,
                    message: "privileges: listener \(service.name)/\(listener.name) "
                        + "\(listener.endpoint) closes while it refuses clients, and could not be "
                        + "opened again; add keep-bind: true")
            }
        }
    }
}

extension Endpoint {
    /// Whether only root may listen there (ip(7)).
    fileprivate var isPrivileged: Bool {
        switch self {
        case .ip(_, let port), .name(_, let port): port > 0 && port < 1024
        case .unix: false
        }
    }
}

extension Configuration {
    /// Programs and directories of programs that may be run.
    fileprivate var scripts: [String] {
        var paths: [String] = []
        for group in services.flatMap(\.groups) {
            paths += [group.election.check, group.election.triggers].compactMap(\.self)
            for probe in group.channels.flatMap(\.probes.probes) {
                if case .script(let path) = probe.check { paths.append(path) }
            }
        }
        return paths.unique
    }

    /// Files of TLS that are read again by a reload.
    fileprivate var certificatePaths: [String] {
        let listeners = services.flatMap(\.listeners).compactMap(\.tls)
        let clients = channels.compactMap(\.tls)
        let certificates = listeners.flatMap(\.certificates) + clients.compactMap(\.certificate)
        let others =
            listeners.flatMap { [$0.clientCA, $0.revoked] }
            + clients.flatMap { [$0.ca, $0.revoked] }
        return
            (certificates.flatMap { [$0.certificate, $0.key, $0.staple] } + others)
            .compactMap(\.self).unique
    }

    fileprivate var channels: [ChannelConfiguration] {
        services.flatMap(\.groups).flatMap(\.channels)
    }

    /// Unix sockets that sessions are taken to.
    fileprivate var channelPaths: [String] {
        channels.compactMap { if case .unix(let path) = $0.endpoint { path } else { nil } }.unique
    }

    /// Whether something is looked up while the daemon runs.
    fileprivate var hasNames: Bool {
        services.contains { service in
            service.resolve != nil
                && service.groups.contains { group in
                    group.channels.contains {
                        if case .name = $0.endpoint { true } else { false }
                    }
                }
        }
    }
}

extension [String] {
    /// Each once, in their order.
    fileprivate var unique: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
