internal import Shared
internal import Yams

// Certificates with their keys, read from the `tls:` of listeners and channels.

extension FileReader {
    private static let mostCertificates = 1000

    /// One, whose keys stand beside it, or a list.
    mutating func certificates(_ map: YAMLMap) -> [CertificateConfiguration] {
        let keys = certificateKeys(map)
        guard let value = map["certificate"] ?? map["certificates"] else {
            // A mistake in the key's name is reported already.
            if yaml.diagnostics.isEmpty {
                yaml.diagnostics.add(
                    "“tls” of a listener has no certificate",
                    "add certificate: /path/of/certificate.pem", at: map.place)
            }
            return []
        }
        if map["certificate"] != nil, let second = map["certificates"] {
            yaml.diagnostics.add(
                "“tls” has “certificate” and “certificates”", "put all of them into “certificates”",
                at: second.place)
        }
        if map["certificate"] != nil, value.node.scalar != nil {
            let path = yaml.value(map, "certificate", ValueReader.wholePath)?.value
            return path.map { [keys.certificate(at: $0)] } ?? []
        }
        let name = map["certificate"] == nil ? "“certificates”" : "“certificate”"
        guard let list = yaml.list(value, as: name) else { return [] }
        for key in KeySet.certificate.keys where key != "certificate" {
            guard let place = map[key]?.place else { continue }
            yaml.diagnostics.add(
                "“\(key)” is of one certificate, and there is a list of them",
                "write it into the list, beside its certificate", at: place)
        }
        guard (1...Self.mostCertificates).contains(list.count) else {
            yaml.diagnostics.add(
                "\(name) has \(list.count) certificates", "write 1 to \(Self.mostCertificates)",
                at: value.place)
            return []
        }
        return list.compactMap { certificate($0) }
    }

    /// A path, or a map.
    private mutating func certificate(_ value: YAMLValue) -> CertificateConfiguration? {
        guard value.isMap else {
            guard let text = yaml.text(value, as: "a certificate") else { return nil }
            do throws(ValueError) {
                return CertificateConfiguration(
                    certificate: try ValueReader.wholePath(text, as: "a certificate"))
            } catch {
                yaml.diagnostics.add(error, at: value.place)
                return nil
            }
        }
        guard let map = yaml.map(value, .certificate) else { return nil }
        let keys = certificateKeys(map)
        guard map["certificate"] != nil else {
            yaml.diagnostics.add(
                "a certificate has no file", "add certificate: /path/of/certificate.pem",
                at: value.place)
            return nil
        }
        let path = yaml.value(map, "certificate", ValueReader.wholePath)?.value
        return path.map { keys.certificate(at: $0) }
    }

    /// What is said of a certificate beside its file.
    struct CertificateKeys {
        fileprivate var key: String?
        fileprivate var passphrase: Passphrase?
        fileprivate var names: [String] = []
        fileprivate var staple: String?

        func certificate(at path: String) -> CertificateConfiguration {
            CertificateConfiguration(
                certificate: path, key: key, passphrase: passphrase, names: names, staple: staple)
        }
    }

    mutating func certificateKeys(_ map: YAMLMap) -> CertificateKeys {
        var keys = CertificateKeys()
        keys.key = yaml.value(map, "key", ValueReader.wholePath)?.value
        keys.passphrase = passphrase(map)
        guard map.keys.keys.contains("names") else { return keys }
        keys.names = texts(map, "names", most: TLSLimits.names, TLSWords.name)
        checkIfTwice(keys.names, "names", in: map)
        keys.staple = yaml.value(map, "staple", ValueReader.wholePath)?.value
        return keys
    }

    private mutating func passphrase(_ map: YAMLMap) -> Passphrase? {
        let given = ["passphrase", "passphrase-file", "passphrase-env"].filter { map[$0] != nil }
        if given.count > 1, let second = map[given[1]] {
            yaml.diagnostics.add(
                "a key has “\(given[0])” and “\(given[1])”", "keep one of the two",
                at: second.place)
        }
        let kinds = [
            yaml.value(map, "passphrase", TLSWords.passphrase)?.value,
            yaml.value(map, "passphrase-file", ValueReader.wholePath).map { .file($0.value) },
            yaml.value(map, "passphrase-env", TLSWords.variable).map { .environment($0.value) },
        ]
        return kinds.compactMap(\.self).first
    }
}

// MARK: - Values

extension ValueKind where Value == [CertificateConfiguration] {
    /// One, whose keys stand beside it, or a list.
    static var certificates: ValueKind {
        ValueKind(
            argument: "path",
            schema: [
                ##""oneOf": [{ "$ref": "#/$defs/whole-path" }, { "$ref": "#/$defs/certificates" }]"##
            ], example: "/run/x.pem",
            read: { reader, map, _ in reader.certificates(map) },
            write: { certificates, _, _, writer in
                if certificates.count == 1 { return certificates[0].put(in: &writer) }
                let extent = writer.extent
                writer.put(
                    "certificates",
                    Node(
                        certificates.map { certificate in
                            var inner = NodeWriter(extent)
                            certificate.put(in: &inner)
                            return inner.node
                        }))
            })
    }
}

extension ValueKind where Value == CertificateConfiguration {
    /// Who we are to a channel.
    static var ownCertificate: ValueKind {
        ValueKind(
            argument: "path", schema: [Schema.ref("whole-path")], example: "/run/x.pem",
            read: { reader, map, _ in reader.ownCertificate(map) },
            write: { certificate, _, _, writer in certificate.put(in: &writer) })
    }
}

extension CertificateConfiguration {
    fileprivate func put(in writer: inout NodeWriter) {
        writer.put("certificate", certificate)
        writer.put("key", key)
        switch passphrase {
        case .text(let secret)?: writer.put("passphrase", Node.secret(secret))
        case .file(let path)?: writer.put("passphrase-file", path)
        case .environment(let name)?: writer.put("passphrase-env", name)
        case nil: break
        }
        writer.put("names", names)
        writer.put("staple", staple)
    }
}
