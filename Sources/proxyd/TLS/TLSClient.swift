internal import COpenSSL
internal import Shared
internal import Synchronization

/// TLS with one channel: who it has to be, and who we are.
@safe
final class TLSClient: @unchecked Sendable {
    let settings: TLSChannelConfiguration
    /// Of the files, as they were.
    let digest: [UInt8]
    /// The name or the address that the channel is known by; nil: a Unix socket.
    let host: String?
    let counts: TLSCounts
    private let context: TLSContext
    /// The name or address that its certificate has to be for; nil: any.
    private let name: String?
    private let isAddress: Bool
    /// What the next connection may go on with, so that it needs no full handshake.
    private let session = CountedMutex<Session?>(nil)

    /// One reference to OpenSSL's.
    @safe
    private final class Session: @unchecked Sendable {
        let pointer: OpaquePointer

        init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

        deinit { unsafe SSL_SESSION_free(pointer) }
    }

    init(
        _ settings: TLSChannelConfiguration, _ files: TLSFiles, host: String?,
        after previous: TLSClient? = nil
    ) throws(TLSError) {
        self.settings = settings
        digest = files.digest
        counts = previous?.counts ?? TLSCounts()
        self.host = host
        let name = settings.name ?? host
        self.name = settings.verifies ? name : nil
        isAddress = name.map { IPAddress($0) != nil } ?? false
        context = try TLSContext(.client, settings.versions, settings.ciphers)
        if let certificate = settings.certificate { try context.use(certificate, files) }
        if settings.verifies {
            if let path = settings.ca {
                try context.trust(path, "ca", files, tells: false)
            } else {
                guard unsafe SSL_CTX_set_default_verify_paths(context.pointer) == 1 else {
                    throw TLSContext.mistake(
                        "the system's authorities cannot be read; name a file (ca)")
                }
            }
            if let path = settings.revoked { try context.revoke(path, files) }
            guard name != nil else {
                throw TLSError(
                    "a Unix socket has no name to verify; say which its certificate is for (name)")
            }
        }
        let mode = settings.verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE
        unsafe SSL_CTX_set_verify(context.pointer, mode, nil)
        let client = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe copenssl_set_session_callback(context.pointer, takeSession, client)
    }

    /// A channel that has just accepted; `serverName` and `alpn` are the client's.
    func connection(
        on descriptor: CInt, serverName: String?, alpn: [UInt8]?, resumes: Bool = true
    ) throws(TLSError) -> TLSConnection {
        try unsafe TLSConnection(
            connecting: context, of: self, on: descriptor,
            requiresCloseNotify: settings.requiresCloseNotify
        ) { ssl throws(TLSError) in
            unsafe try prepare(ssl, serverName: serverName, alpn: alpn)
            if resumes { unsafe resume(ssl) }
        }
    }

    private func prepare(
        _ ssl: OpaquePointer, serverName: String?, alpn: [UInt8]?
    ) throws(TLSError) {
        if let name {
            guard unsafe copenssl_expect(ssl, name, isAddress) == 1 else {
                throw TLSContext.mistake("OpenSSL has no memory for a connection")
            }
        }
        let asked: String? =
            switch settings.serverName {
            case .automatic: isAddress ? nil : settings.name ?? host
            case .none: nil
            case .client: serverName
            case .name(let name): name
            }
        if let asked { unsafe copenssl_set_server_name(ssl, asked) }
        let offered: [UInt8] =
            switch settings.alpn {
            case .list(let names): TLSContext.wire(names)
            case .client: alpn.map { [UInt8(truncatingIfNeeded: $0.count)] + $0 } ?? []
            }
        if !offered.isEmpty {
            _ = unsafe SSL_set_alpn_protos(ssl, offered, UInt32(offered.count))
        }
    }

    private func resume(_ ssl: OpaquePointer) {
        // What one name was shown is not for another one.
        guard settings.serverName != .client, settings.alpn != .client else { return }
        session.withLock { session in
            guard let kept = session else { return }
            guard unsafe copenssl_may_resume(kept.pointer) else { return session = nil }
            _ = unsafe SSL_set_session(ssl, kept.pointer)
        }
    }

    /// When our own certificate ends, in seconds since 1970; nil: we show none.
    var notAfter: Int64? { settings.certificate == nil ? nil : context.notAfter }

    /// Takes over a reference.
    fileprivate func keep(_ pointer: OpaquePointer) {
        let fresh = unsafe Session(pointer)
        session.withLock { $0 = fresh }
    }
}

private func takeSession(
    _ ssl: OpaquePointer?, _ session: OpaquePointer?, _ client: UnsafeMutableRawPointer?
) -> Int32 {
    guard let session = unsafe session, let client = unsafe client else { return 0 }
    unsafe Unmanaged<TLSClient>.fromOpaque(client).takeUnretainedValue().keep(session)
    return 1
}
