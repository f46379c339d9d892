internal import COpenSSL
internal import Shared

/// TLS with the clients of one listener: its certificates, and who may come. Sessions keep the one that they began
/// with.
@safe
final class TLSServer: @unchecked Sendable {
    let settings: TLSListenerConfiguration
    /// Of the files, as they were.
    let digest: [UInt8]
    /// They outlive a change of certificates, so that clients can come again.
    private let tickets: TLSTickets?
    /// The first is for clients that ask for no name, or for one that is not known.
    private let contexts: [TLSContext]
    private let byName: [String: Int]
    let counts: TLSCounts
    /// Handshakes that have begun and not ended.
    private let handshakes: HandshakeTable

    /// `group` keeps the tickets of one listener from another one.
    init(
        _ settings: TLSListenerConfiguration, _ files: TLSFiles, group: String,
        after previous: TLSServer? = nil
    ) throws(TLSError) {
        self.settings = settings
        digest = files.digest
        counts = previous?.counts ?? TLSCounts()
        tickets = try Self.tickets(settings, after: previous)
        handshakes = HandshakeTable(most: settings.maxHandshakes)
        var contexts: [TLSContext] = []
        var byName: [String: Int] = [:]
        var byNames: [Set<String>: Int] = [:]
        for certificate in settings.certificates {
            let context = try Self.context(settings, files, group, tickets)
            try context.use(certificate, files)
            let names = certificate.names.isEmpty ? context.hostNames : certificate.names
            // The same names with another kind of key: shown to those who know only that kind.
            if let known = byNames[Set(names)], !names.isEmpty {
                try contexts[known].use(certificate, files)
                continue
            }
            byNames[Set(names)] = contexts.count
            for name in names where byName[name] == nil { byName[name] = contexts.count }
            contexts.append(context)
        }
        self.contexts = contexts
        self.byName = byName
        guard !contexts.isEmpty else { throw TLSError("there is no certificate") }
        // A client that is asked to begin again comes to the one that its name has led to.
        let client = unsafe Unmanaged.passUnretained(self).toOpaque()
        for context in contexts {
            unsafe copenssl_set_name_callback(context.pointer, takeName, client)
        }
    }

    private static func tickets(
        _ settings: TLSListenerConfiguration, after previous: TLSServer?
    ) throws(TLSError) -> TLSTickets? {
        guard settings.tickets else { return nil }
        if let kept = previous?.tickets,
            previous?.settings.ticketLifetime == settings.ticketLifetime
        {
            return kept
        }
        return try TLSTickets(lifetime: settings.ticketLifetime)
    }

    private static func context(
        _ settings: TLSListenerConfiguration, _ files: TLSFiles, _ group: String,
        _ tickets: TLSTickets?
    ) throws(TLSError) -> TLSContext {
        let context = try TLSContext(.server, settings.versions, settings.ciphers)
        if !settings.alpn.isEmpty {
            let names = TLSContext.wire(settings.alpn)
            guard unsafe copenssl_set_alpn(context.pointer, names, names.count) == 1 else {
                throw TLSError("OpenSSL has no memory for TLS")
            }
        }
        if let path = settings.clientCA {
            try context.trust(path, "client-ca", files, tells: true)
        }
        if let path = settings.revoked { try context.revoke(path, files) }
        unsafe SSL_CTX_set_verify(context.pointer, settings.clientCertificate.mode, nil)
        // A session that began under other rules is not resumed: the client shows its certificate again.
        var id = [UInt8](repeating: 0, count: 32)
        let rules = "\(group) \(settings.clientCertificate) \(settings.clientCA ?? "") "
        let words = Array(rules.utf8) + files.digestOfRules(settings)
        _ = unsafe EVP_Digest(words, words.count, &id, nil, EVP_sha256(), nil)
        _ = unsafe SSL_CTX_set_session_id_context(context.pointer, id, 32)
        guard
            unsafe copenssl_set_tickets(
                context.pointer, tickets?.pointer, tickets?.lifetime ?? 0) == 1
        else { throw TLSError("OpenSSL has no memory for tickets") }
        return context
    }

    /// The context for a client that asks for this name; nil: it is refused.
    fileprivate func context(for name: String?) -> TLSContext? {
        guard let name, contexts.count > 1 || settings.unknownName == .refuse else {
            return contexts.first
        }
        let asked = name.lowercased()
        if let index = byName[asked] { return contexts[index] }
        if let dot = asked.firstIndex(of: "."), let index = byName["*" + asked[dot...]] {
            return contexts[index]
        }
        return settings.unknownName == .refuse ? nil : contexts.first
    }

    /// A client that has begun to speak. The session of `evicted`, whose place it gets, has to end.
    func connection(
        on descriptor: CInt, from client: Endpoint, for holder: HandshakeTable.Holder
    ) throws(TLSError) -> (tls: TLSConnection, evicted: HandshakeTable.Holder?) {
        guard let first = contexts.first else { throw TLSError("there is no certificate") }
        let (place, evicted) = handshakes.enter(HandshakeTable.source(of: client), holder)
        let tls = try TLSConnection(
            accepting: first, of: self, on: descriptor, place: place,
            requiresCloseNotify: settings.requiresCloseNotify)
        return (tls, evicted)
    }

    /// Handshakes under way.
    var handshakeCount: Int { handshakes.count }

    /// When the certificate that ends first does, in seconds since 1970.
    var notAfter: Int64? { contexts.map(\.notAfter).min() }
}

private func takeName(
    _ ssl: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ client: UnsafeMutableRawPointer?
) -> Int32 {
    guard let ssl = unsafe ssl, let client = unsafe client else { return 0 }
    let server = unsafe Unmanaged<TLSServer>.fromOpaque(client).takeUnretainedValue()
    let asked = unsafe name.map { unsafe String(cString: $0) }
    guard let context = server.context(for: asked) else { return 0 }
    return unsafe SSL_set_SSL_CTX(ssl, context.pointer) == nil ? 0 : 1
}

extension ClientCertificate {
    /// SSL_CTX_set_verify(3)
    fileprivate var mode: Int32 {
        switch self {
        case .none: SSL_VERIFY_NONE
        case .optional: SSL_VERIFY_PEER
        case .required: SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        }
    }
}

extension TLSFiles {
    /// Of what decides who may come in.
    fileprivate func digestOfRules(_ settings: TLSListenerConfiguration) -> [UInt8] {
        let words = [settings.clientCA, settings.revoked].compactMap(\.self).flatMap { self[$0] }
        var digest = [UInt8](repeating: 0, count: 32)
        _ = unsafe EVP_Digest(words, words.count, &digest, nil, EVP_sha256(), nil)
        return digest
    }
}
