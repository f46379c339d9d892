internal import Shared

/// What `global` says of TLS for every `bind` and `server`.
struct HAProxyTLSDefaults {
    var certificateFolder: String?
    var authorityFolder: String?
    var bind = HAProxyTLS()
    var server = HAProxyTLS()

    /// - Returns: whether the line is one of these, and what of it was not understood.
    mutating func read(_ line: HAProxyLine) -> (isKnown: Bool, dropped: [String]) {
        switch line[0] {
        case "crt-base": certificateFolder = line[1]
        case "ca-base": authorityFolder = line[1]
        case "ssl-default-bind-ciphers": bind.ciphers.ciphers = line[1]
        case "ssl-default-bind-ciphersuites": bind.ciphers.suites = line[1]
        case "ssl-default-bind-curves": bind.ciphers.curves = line[1]
        case "ssl-default-bind-options": return (true, bind.read(options: line))
        case "ssl-default-server-ciphers": server.ciphers.ciphers = line[1]
        case "ssl-default-server-ciphersuites": server.ciphers.suites = line[1]
        case "ssl-default-server-curves": server.ciphers.curves = line[1]
        case "ssl-default-server-options": return (true, server.read(options: line))
        case "ssl-server-verify": server.verify = line[1]
        default: return (false, [])
        }
        return (true, [])
    }
}

/// Parameters of `bind` and `server` that are about TLS.
struct HAProxyTLS {
    var isOn = false
    var files: [String] = []
    /// `crt-list`
    var lists: [String] = []
    var authorities: String?
    var revoked: String?
    var verify: String?
    var alpn: [String] = []
    var ciphers = TLSCiphers()
    var versions = TLSVersions()
    /// A version was asked for that cannot be had.
    var problem: String?
    var isStrict = false
    var hasTickets = true
    var serverName: String?
    var verifiedName: String?
    /// `check-ssl`; nil: as HAProxy has it without a word.
    var isChecked: Bool?

    /// - Returns: how many words follow that belong to it; nil: not one of these.
    mutating func read(_ word: String, _ value: String) -> Int? {
        switch word {
        case "crt": files.append(value)
        case "crt-list": lists.append(value)
        case "ca-file": authorities = value
        case "crl-file": revoked = value
        case "verify": verify = value
        case "alpn": alpn = value.split(separator: ",").map(String.init)
        case "ciphers": ciphers.ciphers = value
        case "ciphersuites": ciphers.suites = value
        case "curves": ciphers.curves = value
        case "ecdhe": ciphers.curves = ciphers.curves ?? value
        case "ssl-min-ver": versions.least = version(value) ?? .v12
        case "ssl-max-ver": limit(to: version(value))
        case "sni": serverName = value
        case "verifyhost": verifiedName = value
        default: return readFlag(word) ? 0 : nil
        }
        return 1
    }

    private mutating func readFlag(_ word: String) -> Bool {
        switch word {
        case "ssl": isOn = true
        case "no-ssl": isOn = false
        case "check-ssl": isChecked = true
        case "no-check-ssl": isChecked = false
        case "strict-sni": isStrict = true
        case "no-tls-tickets": hasTickets = false
        case "tls-tickets": hasTickets = true
        case "no-sslv3", "no-tlsv10", "no-tlsv11": break
        case "no-tlsv12": versions.least = .v13
        case "no-tlsv13": versions.most = .v12
        case "force-tlsv12": versions = TLSVersions(least: .v12, most: .v12)
        case "force-tlsv13": versions = TLSVersions(least: .v13, most: .v13)
        case "force-sslv3", "force-tlsv10", "force-tlsv11": limit(to: nil)
        default: return false
        }
        return true
    }

    /// `ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets`.
    fileprivate mutating func read(options line: HAProxyLine) -> [String] {
        var dropped: [String] = []
        var index = 1
        while index < line.words.count {
            if let count = read(line[index], line[index + 1]) {
                index += count
            } else {
                dropped.append(line[index])
            }
            index += 1
        }
        return dropped
    }

    private mutating func limit(to version: TLSVersions.Version?) {
        if let version {
            versions.most = version
        } else {
            problem = "TLS 1.2 and 1.3 are spoken, and it is to be an older one"
        }
    }

    /// nil: an old one.
    private func version(_ text: String) -> TLSVersions.Version? {
        TLSVersions.Version.allCases.first { "TLSv\($0.rawValue)" == text }
    }

    private var choices: TLSCiphers {
        TLSCiphers(
            ciphers: ciphers.ciphers.flatMap { try? TLSWords.names($0, as: "") },
            suites: ciphers.suites.flatMap { try? TLSWords.names($0, as: "") },
            curves: ciphers.curves.flatMap { try? TLSWords.names($0, as: "") })
    }

    private var protocols: [String] { alpn.compactMap { try? RouteWords.alpn($0) } }

    private func check() throws(HAProxyTLSProblem) {
        if let problem { throw HAProxyTLSProblem(text: problem) }
        guard versions.least <= versions.most else {
            throw HAProxyTLSProblem(text: "no version of TLS is left")
        }
    }
}

/// Why a line with `ssl` cannot be carried over: without TLS it would be in the clear.
struct HAProxyTLSProblem: Error {
    var text: String
}

extension HAProxyTLS {
    /// nil: the line has no `ssl`.
    func listener(
        _ defaults: HAProxyTLSDefaults, in hostEnvironment: HostEnvironment
    ) throws(HAProxyTLSProblem) -> TLSListenerConfiguration? {
        guard isOn else { return nil }
        try check()
        var tls = TLSListenerConfiguration()
        for file in files {
            tls.certificates += try Self.certificates(
                Self.path(file, below: defaults.certificateFolder, in: hostEnvironment),
                in: hostEnvironment)
        }
        for list in lists {
            tls.certificates += try HAProxyCertificateList.certificates(
                Self.path(list, below: nil, in: hostEnvironment), defaults, in: hostEnvironment)
        }
        guard !tls.certificates.isEmpty else {
            throw HAProxyTLSProblem(text: "it has no certificate (crt)")
        }
        tls.versions = versions
        tls.ciphers = choices
        tls.alpn = protocols
        tls.tickets = hasTickets
        tls.unknownName = isStrict ? .refuse : .first
        guard let verify, verify != "none" else { return tls }
        guard let authorities, !authorities.hasPrefix("@") else {
            throw HAProxyTLSProblem(text: "clients are verified, and there is no ca-file")
        }
        let folder = defaults.authorityFolder
        tls.clientCertificate = verify == "optional" ? .optional : .required
        tls.clientCA = try Self.path(authorities, below: folder, in: hostEnvironment)
        if let revoked { tls.revoked = try Self.path(revoked, below: folder, in: hostEnvironment) }
        return tls
    }

    /// nil: the line has no `ssl`.
    func channel(
        _ defaults: HAProxyTLSDefaults, in hostEnvironment: HostEnvironment
    ) throws(HAProxyTLSProblem) -> TLSChannelConfiguration? {
        guard isOn else { return nil }
        try check()
        var tls = TLSChannelConfiguration()
        tls.verifies = verify != "none"
        if tls.verifies {
            if let authorities, authorities != "@system-ca" {
                tls.ca = try Self.path(
                    authorities, below: defaults.authorityFolder, in: hostEnvironment)
            }
            if let revoked {
                tls.revoked = try Self.path(
                    revoked, below: defaults.authorityFolder, in: hostEnvironment)
            }
        }
        let asked = try askedName()
        if let asked { tls.serverName = asked }
        tls.name = verifiedName.flatMap { try? TLSWords.certifiedName($0, as: "") }
        if tls.name == nil, case .name(let name)? = asked { tls.name = name }
        // The last one wins over that of default-server.
        if let file = files.last {
            let path = try Self.path(file, below: defaults.certificateFolder, in: hostEnvironment)
            tls.certificate = try Self.certificates(path, in: hostEnvironment).first
        }
        tls.versions = versions
        tls.ciphers = choices
        tls.alpn = .list(protocols)
        return tls
    }

    /// `sni str(NAME)`, or the name that the client has asked for.
    private func askedName() throws(HAProxyTLSProblem)
        -> TLSChannelConfiguration.ServerNameChoice?
    {
        guard let serverName else { return nil }
        if HAProxyACL.serverNames.contains(serverName) { return .client }
        guard serverName.hasPrefix("str("), serverName.hasSuffix(")"),
            let choice = try? TLSWords.serverName(
                String(serverName.dropFirst(4).dropLast()), as: "")
        else { throw HAProxyTLSProblem(text: "sni \(serverName.prefix(60)) is not understood") }
        return choice
    }

    static func path(
        _ text: String, below folder: String?, in hostEnvironment: HostEnvironment
    ) throws(HAProxyTLSProblem) -> String {
        guard !text.hasPrefix("@"), !text.isEmpty else {
            throw HAProxyTLSProblem(text: "“\(text.prefix(60))” is not a file")
        }
        let path = text.hasPrefix("/") ? text : (folder.map { "\($0)/" } ?? "") + text
        return hostEnvironment.absolute(path)
    }

    /// A file, with those that HAProxy looks for beside it; of a folder all that are there now.
    static func certificates(
        _ path: String, in hostEnvironment: HostEnvironment
    ) throws(HAProxyTLSProblem) -> [CertificateConfiguration] {
        var paths = [path]
        if case .folder? = hostEnvironment.kind(path) {
            let others = [".key", ".ocsp", ".issuer", ".sctl", ".dh"]
            let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
            paths = hostEnvironment.files("\(folder)/*").filter { file in
                !others.contains { file.hasSuffix($0) }
            }
            guard !paths.isEmpty else {
                throw HAProxyTLSProblem(text: "there is no certificate in \(path)")
            }
        }
        return paths.map { path in
            CertificateConfiguration(
                certificate: path, key: file(path + ".key", in: hostEnvironment),
                staple: file(path + ".ocsp", in: hostEnvironment))
        }
    }

    private static func file(_ path: String, in hostEnvironment: HostEnvironment) -> String? {
        if case .file? = hostEnvironment.kind(path) { path } else { nil }
    }
}
