internal import Shared

/// The certificates and keys of a whole configuration, by the path of the listener or channel that they are for.
///
/// What has not changed is the same object as before, so that nothing is read, and no ticket is lost, for nothing.
struct TLSMaterial {
    private(set) var servers: [String: TLSServer] = [:]
    private(set) var clients: [String: TLSClient] = [:]
    /// Of channels that speak no TLS themselves, and have probes that do.
    private(set) var probes: [String: TLSClient] = [:]
    /// Files that could not be read again; what they held when they could stays in use.
    private(set) var kept: [String] = []

    init() {}

    /// With `rereads` also what the configuration has not changed is read again.
    init(
        _ configuration: Configuration, after old: TLSMaterial, rereads: Bool
    ) throws(StartError) {
        for (path, need) in Self.needs(of: configuration) {
            switch need {
            case .server(let settings):
                try add(settings, at: path, after: old.servers[path], rereads: rereads)
            case .client(let settings, let host):
                clients[path] = try client(
                    settings, at: path, host, after: old.clients[path], rereads: rereads)
            case .probe(let host):
                probes[path] = try client(
                    TLSChannelConfiguration(), at: path, host, after: old.probes[path],
                    rereads: rereads)
            }
        }
    }

    /// Whether the same has files read, which may take its time.
    static func readsFiles(
        _ configuration: Configuration, after old: TLSMaterial, rereads: Bool
    ) -> Bool {
        needs(of: configuration).contains { path, need in
            switch need {
            case _ where rereads: true
            case .server(let settings): old.servers[path]?.settings != settings
            case .client(let settings, let host):
                old.clients[path].map { $0.settings != settings || $0.host != host } ?? true
            case .probe(let host): old.probes[path].map { $0.host != host } ?? true
            }
        }
    }

    private enum Need {
        case server(TLSListenerConfiguration)
        case client(TLSChannelConfiguration, host: String?)
        case probe(host: String?)
    }

    /// What speaks TLS, by the paths of listeners and channels.
    private static func needs(of configuration: Configuration) -> [(path: String, need: Need)] {
        configuration.services.flatMap { service in
            service.listeners.compactMap { listener in
                listener.tls.map { ("\(service.name)/\(listener.name)", .server($0)) }
            }
                + service.groups.flatMap { group in
                    group.channels.compactMap { channel in
                        need(of: channel).map {
                            ("\(service.name)/\(group.name)/\(channel.name)", $0)
                        }
                    }
                }
        }
    }

    private static func need(of channel: ChannelConfiguration) -> Need? {
        let host = channel.endpoint.host
        if let settings = channel.tls { return .client(settings, host: host) }
        return channel.probes.probes.contains(where: \.isEncrypted) ? .probe(host: host) : nil
    }

    /// Paths of what is another than before, in order.
    func changes(after old: TLSMaterial) -> [String] {
        let servers = servers.filter { old.servers[$0.key] !== $0.value }.keys
        let clients = clients.filter { old.clients[$0.key] !== $0.value }.keys
        return servers.sorted() + clients.sorted()
    }

    /// Which certificates of ours end within two weeks, or have ended, in words; `second` is since 1970.
    func endings(at second: Int64) -> [String] {
        let ours =
            servers.map { ("listener \($0.key)", $0.value.notAfter) }
            + clients.map { ("channel \($0.key)", $0.value.notAfter) }
        return ours.sorted { $0.0 < $1.0 }.compactMap { subject, end in
            guard let end, end - second < Self.soon else { return nil }
            let day = CalendarTime(seconds: end).isoDate
            guard end > second else {
                return "\(subject): a certificate has ended on \(day); renew it, and reload"
            }
            let days = (end - second) / 86_400
            return "\(subject): a certificate ends on \(day), in \(days) days; renew it, and reload"
        }
    }

    private static let soon: Int64 = 14 * 86_400

    private mutating func add(
        _ settings: TLSListenerConfiguration, at path: String, after old: TLSServer?, rereads: Bool
    ) throws(StartError) {
        let isSame = old?.settings == settings
        if isSame, !rereads { return servers[path] = old }
        do throws(TLSError) {
            var files = try TLSFiles(of: settings)
            defer { files.wipe() }
            servers[path] =
                isSame && old?.digest == files.digest
                ? old : try TLSServer(settings, files, group: path, after: old)
        } catch {
            guard isSame, error.isForbidden else { throw StartError(error, of: "listener \(path)") }
            keep("listener \(path)", error)
            servers[path] = old
        }
    }

    private mutating func client(
        _ settings: TLSChannelConfiguration, at path: String, _ host: String?,
        after old: TLSClient?,
        rereads: Bool
    ) throws(StartError) -> TLSClient {
        let same = old?.settings == settings && old?.host == host ? old : nil
        if let same, !rereads { return same }
        do throws(TLSError) {
            var files = try TLSFiles(of: settings)
            defer { files.wipe() }
            if let same, same.digest == files.digest { return same }
            return try TLSClient(settings, files, host: host, after: old)
        } catch {
            guard let same, error.isForbidden else {
                throw StartError(error, of: "channel \(path)")
            }
            keep("channel \(path)", error)
            return same
        }
    }

    /// A daemon that has given up its privileges cannot read a key that only root may read.
    private mutating func keep(_ subject: String, _ mistake: TLSError) {
        kept.append("\(subject): \(mistake.message): what it held before stays in use")
    }
}

extension StartError {
    fileprivate init(_ mistake: TLSError, of subject: String) {
        self.init(
            code: mistake.isForbidden ? .permission : .configuration,
            message: "\(subject): \(mistake.message)")
    }
}

extension ProbeConfiguration {
    /// Whether it speaks TLS whatever its channel does.
    fileprivate var isEncrypted: Bool { check == .tls || usesTLS == true }
}

extension Endpoint {
    /// The host that a certificate would be for; nil: a Unix socket.
    fileprivate var host: String? {
        switch self {
        case .ip(let address, _): "\(address)"
        case .name(let name, _): name
        case .unix: nil
        }
    }
}
