internal import Shared
internal import Yams

// TLS with clients and with channels, read from `tls:`. No file is opened here.

extension FileReader {
    private static let mostProtocols = 32

    /// `tls:` of a listener, a map.
    mutating func listenerTLS(_ map: YAMLMap) -> TLSListenerConfiguration? {
        guard let value = map["tls"] else { return nil }
        if !value.isMap, !value.isAbsent, value.node.scalar != nil {
            yaml.mistakes.add(
                "“tls” of a listener is a text, and a certificate is needed",
                "write tls: {certificate: /path/of/certificate.pem}", at: value.place)
            return nil
        }
        guard let inner = yaml.map(value, .listenerTLS) else { return nil }
        var tls = TLSListenerConfiguration()
        tls.certificates = certificates(inner)
        tls.versions = versions(inner)
        tls.ciphers = ciphers(inner)
        tls.alpn = texts(inner, "alpn", most: Self.mostProtocols, RouteWords.alpn)
        checkIfTwice(tls.alpn, "alpn", in: inner)
        tls.clientCA = yaml.value(inner, "client-ca", ValueReader.wholePath)?.value
        tls.revoked = yaml.value(inner, "crl", ValueReader.wholePath)?.value
        tls.tickets = yaml.value(inner, "tickets", ValueReader.flag)?.value ?? tls.tickets
        let lifetime = time(inner, "ticket-lifetime", in: TLSLimits.ticketLifetimes)
        tls.ticketLifetime = lifetime ?? tls.ticketLifetime
        tls.handshakeTimeout =
            time(inner, "handshake-timeout", in: ValueReader.shortest...ValueReader.longestHold)
            ?? tls.handshakeTimeout
        tls.maxHandshakes =
            number(inner, "max-handshakes", TLSLimits.handshakes) ?? tls.maxHandshakes
        tls.unknownName =
            yaml.value(inner, "unknown-name", ValueReader.word)?.value ?? tls.unknownName
        tls.requiresCloseNotify =
            yaml.value(inner, "require-close-notify", ValueReader.flag)?.value ?? false
        tls.clientCertificate = clientCertificate(inner) ?? tls.clientCertificate
        if !tls.tickets, let place = inner["ticket-lifetime"]?.place {
            yaml.mistakes.add(
                "“ticket-lifetime” means nothing without tickets", "remove it, or tickets: no",
                at: place)
        }
        return tls
    }

    /// With what it needs: an authority where one is asked for, and none where none is.
    private mutating func clientCertificate(_ map: YAMLMap) -> ClientCertificate? {
        let asked: Placed<ClientCertificate>? =
            yaml.value(map, "client-certificate", ValueReader.word)
        if let asked, asked.value != .none, map["client-ca"] == nil {
            yaml.mistakes.add(
                "“client-certificate” is \(asked.value.rawValue), but not whose are good",
                "add client-ca: /path/of/authorities.pem", at: asked.place)
        }
        let isAsked = asked.map { $0.value != .none } ?? (map["client-certificate"] != nil)
        for key in ["client-ca", "crl"] where !isAsked {
            guard let place = map[key]?.place else { continue }
            yaml.mistakes.add(
                "“\(key)” is about certificates of clients, and none is asked for",
                "add client-certificate: required, or optional", at: place)
        }
        return asked?.value
    }

    // MARK: Channels

    /// `tls:` of a channel or of a group for its channels: `yes`, `no`, or a map.
    mutating func channelTLS(_ map: YAMLMap) -> TLSChoice? {
        guard let value = map["tls"] else { return nil }
        guard value.isMap else {
            let isOn = yaml.value(map, "tls") { text, name throws(ValueError) in
                do throws(ValueError) {
                    return try ValueReader.flag(text, as: name)
                } catch {
                    throw ValueError(error.problem, "write yes, no, or a map, as in {ca: /path}")
                }
            }?.value
            return isOn.map { $0 ? .yes(TLSChannelConfiguration()) : .no }
        }
        guard let inner = yaml.map(value, .channelTLS) else { return nil }
        var tls = TLSChannelConfiguration()
        tls.verifies = yaml.value(inner, "verify", ValueReader.flag)?.value ?? tls.verifies
        tls.ca = yaml.value(inner, "ca", ValueReader.wholePath)?.value
        tls.revoked = yaml.value(inner, "crl", ValueReader.wholePath)?.value
        tls.name = yaml.value(inner, "name", TLSWords.certifiedName)?.value
        tls.serverName = yaml.value(inner, "sni", TLSWords.serverName)?.value ?? tls.serverName
        tls.alpn = alpnChoice(inner)
        tls.certificate = ownCertificate(inner)
        tls.versions = versions(inner)
        tls.ciphers = ciphers(inner)
        tls.requiresCloseNotify =
            yaml.value(inner, "require-close-notify", ValueReader.flag)?.value ?? false
        if !tls.verifies {
            for key in ["ca", "crl"] {
                guard let place = inner[key]?.place else { continue }
                yaml.mistakes.add(
                    "“\(key)” says which certificates are good, and with verify: no all are",
                    "remove one of the two", at: place)
            }
        }
        return .yes(tls)
    }

    /// `client`, or what is offered, in a list.
    private mutating func alpnChoice(_ map: YAMLMap) -> TLSChannelConfiguration.ALPNChoice {
        if map["alpn"]?.node.scalar?.string == "client" { return .client }
        let protocols = texts(map, "alpn", most: Self.mostProtocols, RouteWords.alpn)
        checkIfTwice(protocols, "alpn", in: map)
        return .list(protocols)
    }

    /// Who we are; a key without a certificate is nobody.
    private mutating func ownCertificate(_ map: YAMLMap) -> CertificateConfiguration? {
        let keys = certificateKeys(map)
        let path = yaml.value(map, "certificate", ValueReader.wholePath)?.value
        if map["certificate"] == nil,
            let key = KeySet.certificate.keys.first(where: { map.has($0) })
        {
            yaml.mistakes.add(
                "“\(key)” is there without a certificate",
                "add certificate: /path/of/certificate.pem", at: map[key]?.place ?? map.place)
        }
        return path.map { keys.certificate(at: $0) }
    }

    // MARK: Both

    private mutating func versions(_ map: YAMLMap) -> TLSVersions {
        var versions = TLSVersions()
        let least = yaml.value(map, "min-version", TLSWords.version)
        let most = yaml.value(map, "max-version", TLSWords.version)
        versions.least = least?.value ?? versions.least
        versions.most = most?.value ?? versions.most
        if versions.least > versions.most, let place = least?.place ?? most?.place {
            yaml.mistakes.add(
                "“min-version” is \(versions.least.rawValue), and “max-version” \(versions.most.rawValue)",
                "no version is left; swap them, or leave one out", at: place)
        }
        return versions
    }

    private mutating func ciphers(_ map: YAMLMap) -> TLSCiphers {
        TLSCiphers(
            ciphers: yaml.value(map, "ciphers", TLSWords.names)?.value,
            suites: yaml.value(map, "ciphersuites", TLSWords.names)?.value,
            curves: yaml.value(map, "curves", TLSWords.names)?.value)
    }

    private mutating func time(
        _ map: YAMLMap, _ key: String, in range: ClosedRange<Duration>
    ) -> Duration? {
        yaml.value(map, key) { text, name throws(ValueError) in
            try ValueReader.duration(text, in: range, as: name)
        }?.value
    }

    mutating func checkIfTwice(_ words: [String], _ key: String, in map: YAMLMap) {
        var seen: Set<String> = []
        guard let word = words.first(where: { !seen.insert($0).inserted }), let value = map[key]
        else { return }
        yaml.mistakes.add("“\(key)” has “\(word)” twice", "keep one of them", at: value.place)
    }
}

extension YAMLMap {
    /// Whether a key is there that not every map of its kind knows.
    func has(_ key: String) -> Bool { keys.keys.contains(key) && self[key] != nil }
}
