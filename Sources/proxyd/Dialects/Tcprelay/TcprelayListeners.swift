internal import Shared

// `listen { … }`, each of which is one listener, or two when it is for every address.

extension TcprelayTranslation {
    mutating func listeners() throws(TcprelayError) -> [ListenerConfiguration] {
        var listeners: [ListenerConfiguration] = []
        var taken: Set<Endpoint> = []
        for listen in settings.spawnd.listens {
            for endpoint in try endpoints(of: listen) {
                if !taken.insert(endpoint).inserted, !endpoint.isAnyPort {
                    remark(.suspicious, at: listen.place, "\(endpoint) is listened on already")
                    continue
                }
                listeners.append(
                    try listener(listen, at: endpoint, name: String(listeners.count)))
            }
        }
        return listeners
    }

    /// Without an address it is every IPv4 address, and every IPv6 address where there are any.
    private mutating func endpoints(of listen: TcprelayListen) throws(TcprelayError) -> [Endpoint] {
        if let place = listen.isSCTP { throw Self.noSCTP(at: place) }
        if let path = listen.path {
            guard case .unix? = try? Endpoint("unix:\(path.value)") else {
                throw TcprelayError(
                    at: path.place,
                    "Expected a Unix socket's path, but got '\(path.value.prefix(120))'.")
            }
            return [.unix(path: path.value)]
        }
        guard let portText = listen.port else {
            throw TcprelayError(
                at: listen.place, "Expected 'port' or 'path' in this listen, but got none.")
        }
        let port = try number(of: portText)
        guard let address = listen.address else {
            guard hostEnvironment.hasIPv6 else { return [.ip(.anyV4, port: port)] }
            return [.ip(.anyV4, port: port), .ip(.anyV6, port: port)]
        }
        var text = address.value
        if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
        if let literal = IPAddress(text) { return Endpoint.ip(literal, port: port).bothFamilies }
        guard case .name(let name, _)? = try? Endpoint(text, defaultPort: port) else {
            throw TcprelayError(
                at: address.place, "Expected an address, but got '\(address.value.prefix(80))'.")
        }
        remark(
            .differs, at: address.place, "\(name): its first address is listened on, not every one")
        return [.name(name, port: port)]
    }

    private mutating func listener(
        _ listen: TcprelayListen, at endpoint: Endpoint, name: String
    ) throws(TcprelayError) -> ListenerConfiguration {
        var listener = ListenerConfiguration(name: name, endpoint: endpoint)
        listener.backlog = Int32(clamping: listen.backlog?.value ?? Self.standardBacklog)
        let delay = listen.bindRetryDelay ?? settings.spawnd.bindRetryDelay ?? 0
        listener.onBindFailure = delay > 0 ? .retry(.seconds(delay)) : .skip
        listener.socket = try socketOptions(of: listen, at: endpoint)
        if endpoint.isUnix {
            listener.mode = listen.mode?.value ?? listener.mode
            listener.user = try listen.user.map { value throws(TcprelayError) in
                try Self.account(value, ValueReader.user)
            }
            listener.group = try listen.group.map { value throws(TcprelayError) in
                try Self.account(value, ValueReader.unixGroup)
            }
        }
        listener.tls = try listen.tls.map { versions throws(TcprelayError) in try tls(versions) }
        return listener
    }

    /// All listeners have the one certificate of the section `tcprelay`.
    private func tls(
        _ versions: TcprelayValue<TLSVersions>
    ) throws(TcprelayError) -> TLSListenerConfiguration {
        guard let certificate = settings.relay.certificate else {
            throw TcprelayError(
                at: versions.place,
                "Expected 'tls cert-file' in the section of tcprelay, but got none, and this listener has TLS."
            )
        }
        let passphrase = try settings.relay.passphrase.map { secret throws(TcprelayError) in
            do throws(ValueError) {
                return try TLSWords.passphrase(secret.revealed, as: "passphrase")
            } catch {
                throw TcprelayError(at: certificate.place, "\(error.problem); \(error.remedy)")
            }
        }
        var tls = TLSListenerConfiguration()
        tls.certificates = [
            CertificateConfiguration(
                certificate: hostEnvironment.absolute(certificate.value),
                key: settings.relay.key.map { hostEnvironment.absolute($0.value) },
                passphrase: passphrase)
        ]
        tls.versions = versions.value
        return tls
    }

    /// Notes that a certificate is configured but no listener speaks TLS.
    mutating func reportTLS() {
        guard settings.spawnd.listens.allSatisfy({ $0.tls == nil }) else { return }
        for file in [settings.relay.certificate, settings.relay.key].compactMap(\.self) {
            remark(
                .suspicious, at: file.place,
                "\(file.value) is not used: no listener has “tls = yes”"
            )
        }
    }

    static let standardBacklog = 128

    private func socketOptions(
        of listen: TcprelayListen, at endpoint: Endpoint
    ) throws(TcprelayError) -> SocketOptions? {
        guard !endpoint.isUnix else { return nil }
        let keepalive = listen.keepalive.inheriting(from: settings.spawnd.keepalive)
        var options = SocketOptions()
        options.keepAliveCount = keepalive.count.map { min($0.value, 127) }
        options.keepAliveIdle = keepalive.idle?.value
        options.keepAliveInterval = keepalive.interval?.value
        options.dscp = listen.dscp?.value
        if let vrf = listen.vrf {
            do throws(ValueError) {
                options.interface = try ValueReader.interface(vrf.value, as: "vrf")
            } catch {
                throw TcprelayError(at: vrf.place, "\(error.problem); \(error.remedy)")
            }
        }
        return options.isEmpty ? nil : options
    }
}

extension Endpoint {
    /// Whether the kernel chooses the port.
    var isAnyPort: Bool {
        switch self {
        case .ip(_, let port), .name(_, let port): port == 0
        case .unix: false
        }
    }
}
