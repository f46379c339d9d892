internal import Shared
internal import Yams

// TLS as the file would have it.

extension TLSListenerConfiguration {
    func writer(_ extent: NodeWriter.Extent) -> NodeWriter {
        let standard = TLSListenerConfiguration()
        var writer = NodeWriter(extent)
        if certificates.count == 1 {
            certificates[0].put(in: &writer)
        } else {
            writer.put(
                "certificates",
                Node(
                    certificates.map { certificate in
                        var inner = NodeWriter(extent)
                        certificate.put(in: &inner)
                        return inner.node
                    }))
        }
        versions.put(in: &writer)
        ciphers.put(in: &writer)
        writer.put("alpn", alpn)
        writer.put(
            "client-certificate", clientCertificate, default: standard.clientCertificate)
        writer.put("client-ca", clientCA)
        writer.put("crl", revoked)
        writer.put("tickets", tickets, default: standard.tickets)
        if tickets {
            writer.put("ticket-lifetime", ticketLifetime, default: standard.ticketLifetime)
        }
        writer.put("handshake-timeout", handshakeTimeout, default: standard.handshakeTimeout)
        writer.put("max-handshakes", maxHandshakes, default: standard.maxHandshakes)
        writer.put("unknown-name", unknownName, default: standard.unknownName)
        writer.put("require-close-notify", requiresCloseNotify, default: false)
        return writer
    }
}

extension TLSChoice {
    func put(in writer: inout NodeWriter) {
        guard let configuration else { return writer.put("tls", "no") }
        let inner = configuration.writer(writer.extent)
        if inner.isEmpty { writer.put("tls", "yes") } else { writer.put("tls", inner) }
    }
}

extension TLSChannelConfiguration {
    fileprivate func writer(_ extent: NodeWriter.Extent) -> NodeWriter {
        var writer = NodeWriter(extent)
        writer.put("verify", verifies, default: true)
        writer.put("ca", ca)
        writer.put("crl", revoked)
        writer.put("name", name)
        switch serverName {
        case .automatic: break
        case .none: writer.put("sni", "none")
        case .client: writer.put("sni", "client")
        case .name(let name): writer.put("sni", name)
        }
        switch alpn {
        case .list(let protocols): writer.put("alpn", protocols)
        case .client: writer.put("alpn", "client")
        }
        certificate?.put(in: &writer)
        versions.put(in: &writer)
        ciphers.put(in: &writer)
        writer.put("require-close-notify", requiresCloseNotify, default: false)
        return writer
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

extension TLSVersions {
    fileprivate func put(in writer: inout NodeWriter) {
        writer.put("min-version", least, default: TLSVersions().least)
        writer.put("max-version", most, default: TLSVersions().most)
    }
}

extension TLSCiphers {
    fileprivate func put(in writer: inout NodeWriter) {
        writer.put("ciphers", ciphers)
        writer.put("ciphersuites", suites)
        writer.put("curves", curves)
    }
}

extension NodeWriter {
    fileprivate mutating func put(_ key: String, _ words: [String]) {
        if !words.isEmpty { put(key, Node(words.map { Node.text($0) })) }
    }
}
