internal import Shared

/// `ssl.…` of a socket, or of all of them where it says nothing itself.
struct LighttpdTLS {
    private let scope: LighttpdScope
    private let global: LighttpdScope
    private(set) var remarks: [ForeignRemark] = []

    init(scope: LighttpdScope, global: LighttpdScope) {
        (self.scope, self.global) = (scope, global)
    }

    private subscript(_ name: String) -> LighttpdSetting? { scope[name] ?? global[name] }

    /// nil: the socket has no TLS.
    mutating func configuration() throws(LighttpdError) -> TLSListenerConfiguration? {
        guard let engine = self["ssl.engine"], engine.value.isEnabled else { return nil }
        guard let certificate = try path("ssl.pemfile") else {
            throw LighttpdError(
                at: engine.place, "ssl.engine is enabled, and there is no ssl.pemfile; add one")
        }
        var tls = TLSListenerConfiguration()
        tls.certificates = [
            CertificateConfiguration(
                certificate: certificate, key: try path("ssl.privkey"),
                staple: try path("ssl.stapling-file"))
        ]
        tls.ciphers.ciphers = try names("ssl.cipher-list")
        tls.ciphers.curves = try names("ssl.ec-curve")
        try readCommands(into: &tls)
        try readClientCertificates(into: &tls)
        return tls
    }

    /// With `verifyclient.activate` clients are asked, and with `enforce`, which is the default, they answer.
    private mutating func readClientCertificates(
        into tls: inout TLSListenerConfiguration
    ) throws(LighttpdError) {
        let own = try path("ssl.verifyclient.ca-file")
        let authorities = own == nil ? try path("ssl.ca-file") : own
        let name = "ssl.verifyclient.ca-crl-file"
        let revoked = try path(self[name] == nil ? "ssl.ca-crl-file" : name)
        guard let activate = self["ssl.verifyclient.activate"], activate.value.isEnabled else {
            if own == nil, let chain = self["ssl.ca-file"] {
                remarks.append(
                    ForeignRemark(
                        .differs, at: chain.place,
                        "ssl.ca-file: put the certificates of authorities behind your own, into ssl.pemfile"
                    ))
            }
            return
        }
        guard let authorities else {
            throw LighttpdError(
                at: activate.place,
                "ssl.verifyclient.activate is enabled, and there is no ssl.verifyclient.ca-file; add one"
            )
        }
        tls.clientCertificate =
            self["ssl.verifyclient.enforce"].map(\.value.isEnabled) ?? true ? .required : .optional
        tls.clientCA = authorities
        tls.revoked = revoked
        if let depth = self["ssl.verifyclient.depth"] {
            remarks.append(
                ForeignRemark(
                    .ignored, at: depth.place,
                    "ssl.verifyclient.depth has no effect: chains are as long as OpenSSL allows"))
        }
    }

    /// `ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.2", …)` (SSL_CONF_cmd(3)).
    private mutating func readCommands(
        into tls: inout TLSListenerConfiguration
    ) throws(LighttpdError) {
        guard let setting = self["ssl.openssl.ssl-conf-cmd"] else { return }
        for entry in setting.value.entries ?? [] {
            let command = entry.key ?? ""
            let text = entry.value.text ?? entry.value.shown
            switch command {
            case "CipherString":
                tls.ciphers.ciphers = try names(text, of: command, at: setting.place)
            case "Ciphersuites":
                tls.ciphers.suites = try names(text, of: command, at: setting.place)
            case "Curves", "Groups":
                tls.ciphers.curves = try names(text, of: command, at: setting.place)
            case "MinProtocol": tls.versions.least = try version(text, setting.place) ?? .v12
            case "MaxProtocol": tls.versions.most = try version(text, setting.place) ?? .v13
            case "Protocol", "Options":
                remarks.append(
                    ForeignRemark(
                        .ignored, at: setting.place,
                        "\(command) \(text.prefix(60)): write MinProtocol and MaxProtocol; TLS 1.2 and 1.3 are spoken"
                    ))
            default:
                remarks.append(
                    ForeignRemark(
                        .ignored, at: setting.place, "\(command.prefix(60)) is not carried over"))
            }
        }
        guard tls.versions.least <= tls.versions.most else {
            throw LighttpdError(
                at: setting.place, "MinProtocol is above MaxProtocol, so no version is left")
        }
    }

    /// nil: an old one, as the least; what is not spoken is left out.
    private func version(
        _ text: String, _ place: String
    ) throws(LighttpdError) -> TLSVersions.Version? {
        switch text {
        case "TLSv1.3": return .v13
        case "TLSv1.2": return .v12
        case "None", "", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1": return nil
        default: throw LighttpdError(at: place, "“\(text.prefix(40))” is not a TLS version")
        }
    }

    private func path(_ name: String) throws(LighttpdError) -> String? {
        guard let setting = self[name] else { return nil }
        guard let path = setting.value.text, path.hasPrefix("/") else {
            throw LighttpdError(
                at: setting.place,
                "\(name) is \(setting.value.shown); write the whole path of a file")
        }
        return path
    }

    private func names(_ name: String) throws(LighttpdError) -> String? {
        guard let setting = self[name] else { return nil }
        return try names(setting.value.text ?? setting.value.shown, of: name, at: setting.place)
    }

    private func names(
        _ text: String, of name: String, at place: String
    ) throws(LighttpdError) -> String {
        do throws(ValueError) {
            return try TLSWords.names(text, as: name)
        } catch {
            throw LighttpdError(at: place, "\(error.problem); \(error.remedy)")
        }
    }

    /// What is read above, and what is as it says or better without being told.
    static let known: Set = [
        "ssl.engine", "ssl.pemfile", "ssl.privkey", "ssl.stapling-file", "ssl.cipher-list",
        "ssl.ec-curve", "ssl.ca-file", "ssl.ca-crl-file", "ssl.verifyclient.activate",
        "ssl.verifyclient.enforce", "ssl.verifyclient.ca-file", "ssl.verifyclient.ca-crl-file",
        "ssl.verifyclient.depth", "ssl.openssl.ssl-conf-cmd", "ssl.honor-cipher-order",
        "ssl.use-sslv2", "ssl.use-sslv3", "ssl.disable-client-renegotiation",
    ]
}
