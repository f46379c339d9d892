internal import Shared
internal import Yams

// TLS with clients and with channels, read from `tls:`. No file is opened here.

extension FileReader {
    fileprivate static let mostProtocols = 32

    /// `tls:` of a listener, a map.
    mutating func listenerTLS(_ map: YAMLMap) -> TLSListenerConfiguration? {
        guard let value = map["tls"] else { return nil }
        if !value.isMap, !value.isAbsent, value.node.scalar != nil {
            yaml.diagnostics.add(
                "“tls” of a listener is a text, and a certificate is needed",
                "write tls: {certificate: /path/of/certificate.pem}", at: value.place)
            return nil
        }
        guard let inner = yaml.map(value, .listenerTLS) else { return nil }
        var tls = TLSListenerConfiguration()
        TLSListenerConfiguration.keys.read(inner, into: &tls, with: &self)
        checkIfTwice(tls.alpn, "alpn", in: inner)
        checkVersions(tls.versions, in: inner)
        checkClientCertificate(tls.clientCertificate, in: inner)
        if !tls.tickets, let place = inner["ticket-lifetime"]?.place {
            yaml.diagnostics.add(
                "“ticket-lifetime” means nothing without tickets", "remove it, or tickets: no",
                at: place)
        }
        return tls
    }

    /// An authority is needed where a certificate is asked for, and means nothing where none is.
    private mutating func checkClientCertificate(
        _ asked: ClientCertificate, in map: YAMLMap
    ) {
        if asked != .none, map["client-ca"] == nil, let place = map["client-certificate"]?.place {
            yaml.diagnostics.add(
                "“client-certificate” is \(asked.rawValue), but not whose are good",
                "add client-ca: /path/of/authorities.pem", at: place)
        }
        let given = map["client-certificate"]?.node.scalar?.string
        let isAsked = given.map { $0 != ClientCertificate.none.rawValue } ?? false
        for key in ["client-ca", "crl"] where !isAsked {
            guard let place = map[key]?.place else { continue }
            yaml.diagnostics.add(
                "“\(key)” is about certificates of clients, and none is asked for",
                "add client-certificate: required, or optional", at: place)
        }
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
        TLSChannelConfiguration.keys.read(inner, into: &tls, with: &self)
        checkVersions(tls.versions, in: inner)
        if !tls.verifies {
            for key in ["ca", "crl"] {
                guard let place = inner[key]?.place else { continue }
                yaml.diagnostics.add(
                    "“\(key)” says which certificates are good, and with verify: no all are",
                    "remove one of the two", at: place)
            }
        }
        return .yes(tls)
    }

    /// `client`, or what is offered, in a list.
    mutating func alpnChoice(_ map: YAMLMap) -> TLSChannelConfiguration.ALPNChoice {
        if map["alpn"]?.node.scalar?.string == "client" { return .client }
        let protocols = texts(map, "alpn", most: Self.mostProtocols, RouteWords.alpn)
        checkIfTwice(protocols, "alpn", in: map)
        return .list(protocols)
    }

    /// Our own certificate; a key without one is an error.
    mutating func ownCertificate(_ map: YAMLMap) -> CertificateConfiguration? {
        let keys = certificateKeys(map)
        let path = yaml.value(map, "certificate", ValueReader.wholePath)?.value
        if map["certificate"] == nil,
            let key = KeySet.certificate.keys.first(where: { map.has($0) })
        {
            yaml.diagnostics.add(
                "“\(key)” is there without a certificate",
                "add certificate: /path/of/certificate.pem", at: map[key]?.place ?? map.place)
        }
        return path.map { keys.certificate(at: $0) }
    }

    // MARK: Both

    private mutating func checkVersions(_ versions: TLSVersions, in map: YAMLMap) {
        let place = map["min-version"]?.place ?? map["max-version"]?.place
        guard versions.least > versions.most, let place else { return }
        yaml.diagnostics.add(
            "“min-version” is \(versions.least.rawValue), and “max-version” \(versions.most.rawValue)",
            "no version is left; swap them, or leave one out", at: place)
    }

    mutating func checkIfTwice(_ words: [String], _ key: String, in map: YAMLMap) {
        var seen: Set<String> = []
        guard let word = words.first(where: { !seen.insert($0).inserted }), let value = map[key]
        else { return }
        yaml.diagnostics.add("“\(key)” has “\(word)” twice", "keep one of them", at: value.place)
    }
}

extension YAMLMap {
    /// Whether a key is there that not every map of its kind knows.
    func has(_ key: String) -> Bool { keys.keys.contains(key) && self[key] != nil }
}

// MARK: - Values

extension ValueKind where Value == TLSListenerConfiguration {
    static var listenerTLS: ValueKind {
        ValueKind(
            argument: "map", schema: [Schema.ref("listener-tls")],
            example: "{certificate: /run/x.pem}", inner: .listenerTLS,
            read: { reader, map, _ in reader.listenerTLS(map) },
            write: { tls, _, key, writer in
                let table = TLSListenerConfiguration.keys
                writer.put(key, table.writer(of: tls, writer.extent))
            })
    }
}

extension ValueKind where Value == TLSChoice {
    static var channelTLS: ValueKind {
        ValueKind(
            argument: "yes | no | map", schema: [Schema.ref("tls-with-channels")],
            example: "{verify: no}", inner: .channelTLS,
            read: { reader, map, _ in reader.channelTLS(map) },
            write: { choice, _, key, writer in
                guard let tls = choice.configuration else { return writer.put(key, "no") }
                let inner = TLSChannelConfiguration.keys.writer(of: tls, writer.extent)
                if inner.isEmpty { writer.put(key, "yes") } else { writer.put(key, inner) }
            })
    }
}

extension ValueKind where Value == TLSVersions.Version {
    /// One that is another version by default.
    static func tlsVersion(unlike standard: Value) -> ValueKind {
        let example = standard == .v13 ? Value.v12 : .v13
        return ValueKind(
            "1.2 | 1.3", [Schema.ref("tls-version")], example: "\"\(example.rawValue)\"",
            read: TLSWords.version, text: { $0.rawValue })
    }
}

extension ValueKind where Value == String {
    /// As openssl-ciphers(1) writes them.
    static var ciphers: ValueKind {
        .text("words", [Schema.ref("tls-choice")], example: "X25519", TLSWords.names)
    }

    static var certifiedName: ValueKind {
        .text(
            "name", [#""type": "string""#, #""minLength": 1"#], example: "db.example",
            TLSWords.certifiedName)
    }
}

extension ValueKind where Value == TLSChannelConfiguration.ServerNameChoice {
    static var requestedName: ValueKind {
        ValueKind(
            "word", [#""type": "string""#, #""minLength": 1"#], example: "client",
            read: TLSWords.serverName,
            text: { choice in
                switch choice {
                case .automatic: nil
                case .none: "none"
                case .client: "client"
                case .name(let name): name
                }
            })
    }
}

extension ValueKind where Value == [String] {
    /// Of TLS within it, the best first.
    static var protocols: ValueKind {
        ValueKind(
            argument: "words", schema: [Schema.ref("tls-names")], example: "[h2]",
            read: { reader, map, key in
                reader.texts(map, key, most: FileReader.mostProtocols, RouteWords.alpn)
            },
            write: { protocols, _, key, writer in writer.put(key, protocols) })
    }
}

extension ValueKind where Value == TLSChannelConfiguration.ALPNChoice {
    static var offeredProtocols: ValueKind {
        ValueKind(
            argument: "words", schema: [Schema.ref("tls-names")], example: "client",
            read: { reader, map, _ in reader.alpnChoice(map) },
            write: { choice, _, key, writer in
                switch choice {
                case .list(let protocols): writer.put(key, protocols)
                case .client: writer.put(key, "client")
                }
            })
    }
}
