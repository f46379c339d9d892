internal import COpenSSL
internal import Shared

/// What OpenSSL needs to know for connections of one kind (SSL_CTX_new(3)). Made once, and then only read, by
/// as many threads as like.
@safe
final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Everything is agreed on that Mozilla's “intermediate” has, without DHE: a client could make us work hard.
    static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    static let suites =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    static let curves = "X25519:prime256v1:secp384r1"

    enum Role { case server, client }

    init(_ role: Role, _ versions: TLSVersions, _ ciphers: TLSCiphers) throws(TLSError) {
        guard
            let context = unsafe copenssl_context(
                role == .server, versions.least.number, versions.most.number)
        else { throw TLSError("OpenSSL has no memory for TLS") }
        unsafe pointer = context
        guard unsafe SSL_CTX_set_cipher_list(pointer, ciphers.ciphers ?? Self.ciphers) == 1 else {
            throw Self.mistake("ciphers: OpenSSL knows none of them")
        }
        guard unsafe SSL_CTX_set_ciphersuites(pointer, ciphers.suites ?? Self.suites) == 1 else {
            throw Self.mistake("ciphersuites: OpenSSL does not know all of them")
        }
        guard unsafe copenssl_set_curves(pointer, ciphers.curves ?? Self.curves) == 1 else {
            throw Self.mistake("curves: OpenSSL does not know all of them")
        }
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    /// A mistake in our words; what OpenSSL has to say about it is dropped.
    static func mistake(_ message: String) -> TLSError {
        ERR_clear_error()
        return TLSError(message)
    }

    // MARK: Certificates

    /// Shows this certificate; of several with different kinds of keys the one that the other side knows.
    func use(_ certificate: CertificateConfiguration, _ files: TLSFiles) throws(TLSError) {
        let chain = files[certificate.certificate]
        switch unsafe copenssl_use_chain(pointer, chain, chain.count) {
        case 0:
            throw Self.mistake("certificate \(certificate.certificate): no certificate in it")
        case -2:
            throw Self.mistake(
                "certificate \(certificate.certificate): there is another one for the same names with the same kind of key; leave one of them out, or say whom each is for (names)"
            )
        case ..<0:
            throw Self.mistake(
                "certificate \(certificate.certificate): one of its certificates is broken, or too weak"
            )
        default: break
        }
        let key = files[certificate.keyPath]
        let passphrase = files.passphrase(of: certificate)
        let used = unsafe copenssl_use_key(pointer, key, key.count, passphrase)
        if let problem = Self.problem(of: used, certificate) {
            throw Self.mistake("key \(certificate.keyPath): \(problem)")
        }
        guard let path = certificate.staple else { return }
        let staple = files[path]
        guard unsafe copenssl_set_staple(pointer, staple, staple.count) == 1 else {
            throw Self.mistake("staple \(path): no OCSP response in it (DER)")
        }
    }

    private static func problem(
        of used: copenssl_key, _ certificate: CertificateConfiguration
    ) -> String? {
        switch used {
        case COPENSSL_KEY_USED: nil
        case COPENSSL_KEY_MISSING:
            certificate.key == nil
                ? "no private key in it; name the file that has it (key)" : "no private key in it"
        case COPENSSL_KEY_LOCKED:
            "it is encrypted; say the passphrase (passphrase-file, passphrase-env or passphrase)"
        case COPENSSL_KEY_WRONG_PASSPHRASE: "the passphrase is wrong"
        case COPENSSL_KEY_OF_ANOTHER:
            "it is not the key of the certificate \(certificate.certificate)"
        default: "it is broken, or of a kind that OpenSSL does not know"
        }
    }

    /// Believes these authorities, and no others.
    func trust(_ path: String, _ key: String, _ files: TLSFiles, tells: Bool) throws(TLSError) {
        let bytes = files[path]
        guard unsafe copenssl_trust(pointer, bytes, bytes.count, tells) > 0 else {
            throw Self.mistake("\(key) \(path): no certificate in it, or a broken one")
        }
    }

    /// Refuses certificates that the revocation list names.
    func revoke(_ path: String, _ files: TLSFiles) throws(TLSError) {
        let bytes = files[path]
        guard unsafe copenssl_revoke(pointer, bytes, bytes.count) > 0 else {
            throw Self.mistake(
                "crl \(path): no list of revoked certificates in it, or a broken one")
        }
    }

    /// Names that the certificate is for, as it says, in lower case.
    var hostNames: [String] {
        guard let text = unsafe copenssl_host_names(pointer) else { return [] }
        defer { unsafe copenssl_free_text(text) }
        return unsafe String(cString: text).split(separator: "\n").map { $0.lowercased() }
    }

    /// When the certificate ends, in seconds since 1970.
    var notAfter: Int64 { unsafe copenssl_not_after(pointer) }

    /// Names as they stand on the wire (RFC 7301, section 3.1).
    static func wire(_ names: [String]) -> [UInt8] {
        names.flatMap { name in [UInt8(truncatingIfNeeded: name.utf8.count)] + Array(name.utf8) }
    }
}

extension TLSVersions.Version {
    fileprivate var number: Int32 {
        switch self {
        case .v12: 12
        case .v13: 13
        }
    }
}
