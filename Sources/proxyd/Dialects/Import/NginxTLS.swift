internal import Shared

/// `ssl_…` and `proxy_ssl_…` of a server in `stream`.
struct NginxTLS {
    private var certificates: [NginxDirective] = []
    private var keys: [NginxDirective] = []
    /// The last line of each name counts.
    private var lines: [String: NginxDirective] = [:]
    private let folder: String
    private let hostEnvironment: HostEnvironment
    private(set) var remarks = ImportRemarks()

    init(below folder: String, in hostEnvironment: HostEnvironment) {
        (self.folder, self.hostEnvironment) = (folder, hostEnvironment)
    }

    static let known: Set = [
        "ssl_password_file", "ssl_protocols", "ssl_ciphers", "ssl_ecdh_curve", "ssl_alpn",
        "ssl_client_certificate", "ssl_trusted_certificate", "ssl_verify_client", "ssl_crl",
        "ssl_session_tickets", "ssl_session_timeout", "ssl_handshake_timeout",
        "ssl_stapling_file", "proxy_ssl", "proxy_ssl_verify", "proxy_ssl_name",
        "proxy_ssl_server_name", "proxy_ssl_trusted_certificate", "proxy_ssl_crl",
        "proxy_ssl_certificate", "proxy_ssl_certificate_key", "proxy_ssl_password_file",
        "proxy_ssl_protocols", "proxy_ssl_ciphers", "proxy_ssl_alpn", "ssl_certificate",
        "ssl_certificate_key", "ssl_conf_command", "proxy_ssl_conf_command",
    ]
    static let notNeeded: Set = [
        "ssl_preread", "ssl_session_cache", "ssl_prefer_server_ciphers", "ssl_buffer_size",
        "proxy_ssl_session_reuse",
    ]

    /// - Returns: whether it is one of these lines.
    mutating func read(_ line: NginxDirective) -> Bool {
        guard Self.known.contains(line.name) else { return false }
        switch line.name {
        case "ssl_certificate": certificates.append(line)
        case "ssl_certificate_key": keys.append(line)
        case "ssl_conf_command", "proxy_ssl_conf_command":
            guard line[1] == "Ciphersuites" else {
                remarks.drop(line.text, at: line.place)
                return true
            }
            lines[line.name] = line
        default: lines[line.name] = line
        }
        return true
    }

    /// Why it cannot be carried over: without TLS it would be in the clear.
    struct Problem: Error {
        var text: String
    }

    // MARK: Listeners

    mutating func listener() throws(Problem) -> TLSListenerConfiguration {
        var tls = TLSListenerConfiguration()
        guard !certificates.isEmpty else { throw Problem(text: "there is no ssl_certificate") }
        guard certificates.count == keys.count else {
            throw Problem(text: "each ssl_certificate needs an ssl_certificate_key")
        }
        let passphrase = try file("ssl_password_file")
        for (certificate, key) in zip(certificates, keys) {
            tls.certificates.append(
                CertificateConfiguration(
                    certificate: try file(certificate), key: try file(key),
                    passphrase: passphrase.map { .file($0) }))
        }
        tls.certificates[0].staple = try file("ssl_stapling_file")
        tls.versions = try versions("ssl_protocols")
        tls.ciphers = TLSCiphers(
            ciphers: names("ssl_ciphers"), suites: suites("ssl_conf_command"),
            curves: names("ssl_ecdh_curve").flatMap { $0 == "auto" ? nil : $0 })
        tls.alpn = protocols("ssl_alpn")
        tls.tickets = lines["ssl_session_tickets"]?[1] != "off"
        if tls.tickets, let time = time("ssl_session_timeout") {
            tls.ticketLifetime = time.bounded(TLSLimits.ticketLifetimes)
        }
        // nginx's own.
        tls.handshakeTimeout = (time("ssl_handshake_timeout") ?? .seconds(60))
            .bounded(ValueReader.shortest...ValueReader.longestHold)
        try readClientCertificates(into: &tls)
        return tls
    }

    private mutating func readClientCertificates(
        into tls: inout TLSListenerConfiguration
    ) throws(Problem) {
        guard let line = lines["ssl_verify_client"] else { return }
        switch line[1] {
        case "on": tls.clientCertificate = .required
        case "optional": tls.clientCertificate = .optional
        case "off": return
        default: return remarks.drop(line.text, at: line.place, "clients are not asked")
        }
        let named = try file("ssl_client_certificate")
        let authorities = named == nil ? try file("ssl_trusted_certificate") : named
        guard let authorities else {
            throw Problem(text: "clients are verified, and there is no ssl_client_certificate")
        }
        tls.clientCA = authorities
        tls.revoked = try file("ssl_crl")
    }

    // MARK: Channels

    /// `destination` is what `proxy_pass` names, by which nginx goes where nothing else is said. nil: no TLS.
    mutating func channel(to destination: String) throws(Problem) -> TLSChannelConfiguration? {
        guard lines["proxy_ssl"]?[1] == "on" else { return nil }
        var tls = TLSChannelConfiguration()
        tls.verifies = lines["proxy_ssl_verify"]?[1] == "on"
        if tls.verifies {
            tls.ca = try file("proxy_ssl_trusted_certificate")
            tls.revoked = try file("proxy_ssl_crl")
        } else if let line = lines["proxy_ssl"] {
            remarks.differ(
                at: line.place,
                "proxy_ssl without proxy_ssl_verify: certificates are not verified, as in nginx; write verify: yes"
            )
        }
        try readName(into: &tls, destination)
        if let certificate = try file("proxy_ssl_certificate") {
            tls.certificate = CertificateConfiguration(
                certificate: certificate, key: try file("proxy_ssl_certificate_key"),
                passphrase: try file("proxy_ssl_password_file").map { .file($0) })
        }
        tls.versions = try versions("proxy_ssl_protocols")
        tls.ciphers = TLSCiphers(
            ciphers: names("proxy_ssl_ciphers"), suites: suites("proxy_ssl_conf_command"))
        tls.alpn = .list(protocols("proxy_ssl_alpn"))
        return tls
    }

    private mutating func readName(
        into tls: inout TLSChannelConfiguration, _ destination: String
    ) throws(Problem) {
        let asks = lines["proxy_ssl_server_name"]?[1] == "on"
        if !asks { tls.serverName = .none }
        guard let line = lines["proxy_ssl_name"] else {
            // A name of an upstream; an address is the channel's own.
            if !destination.contains(":") {
                tls.name = try? TLSWords.certifiedName(destination, as: "")
            }
            return
        }
        if NginxMap.serverNames.contains(line[1]) {
            if asks { tls.serverName = .client }
            guard tls.verifies else { return }
            return remarks.differ(
                at: line.place,
                "\(line.text) the certificate has to be for the host of the channel's address; write “name” for another one"
            )
        }
        guard let name = try? TLSWords.certifiedName(line[1], as: "") else {
            throw Problem(text: "“\(line[1].prefix(60))” is not a name")
        }
        tls.name = name
    }

    // MARK: Values

    private func file(_ name: String) throws(Problem) -> String? {
        guard let line = lines[name] else { return nil }
        return try file(line)
    }

    private func file(_ line: NginxDirective) throws(Problem) -> String {
        let path = line[1]
        guard !path.isEmpty, !path.contains("$"), !path.hasPrefix("data:"),
            !path.hasPrefix("engine:"), !path.hasPrefix("store:")
        else { throw Problem(text: "\(line.name) is not a file") }
        return hostEnvironment.absolute(path.hasPrefix("/") ? path : "\(folder)/\(path)")
    }

    private mutating func versions(_ name: String) throws(Problem) -> TLSVersions {
        guard let line = lines[name] else { return TLSVersions() }
        let words = line.words.dropFirst()
        let known = TLSVersions.Version.allCases.filter { words.contains("TLSv\($0.rawValue)") }
        guard let least = known.min(), let most = known.max() else {
            throw Problem(text: "TLS 1.2 and 1.3 are spoken, and neither is in \(name)")
        }
        if known.count < words.count {
            remarks.differ(at: line.place, "\(line.text) TLS 1.2 and 1.3 are spoken, nothing older")
        }
        return TLSVersions(least: least, most: most)
    }

    private func names(_ name: String) -> String? {
        lines[name].flatMap { try? TLSWords.names($0[1], as: "") }
    }

    private func suites(_ name: String) -> String? {
        lines[name].flatMap { try? TLSWords.names($0[2], as: "") }
    }

    private func protocols(_ name: String) -> [String] {
        (lines[name]?.words.dropFirst() ?? []).compactMap { try? RouteWords.alpn($0) }
    }

    private func time(_ name: String) -> Duration? {
        lines[name].flatMap { NginxTime.duration($0[1]) }
    }
}
