internal import COpenSSL
internal import Glibc
internal import Shared

/// TLS over one socket, from the handshake to the end. Never blocks; one worker uses it.
@safe
final class TLSConnection {
    /// How far the handshake has come.
    enum Handshake: Equatable {
        case done
        /// It goes on when something has come, or when something can be sent.
        case waits(forRoom: Bool)
        /// The other side has gone, with or without a reason of the kernel's (errno(3)); 0: it has ended.
        case gone(CInt)
        case failed(TLSFailure)
    }

    /// The number of what no kernel says: the other side has broken TLS off, or its rules.
    static let isBroken = EBADMSG

    let ssl: OpaquePointer
    private let wire: UnsafeMutablePointer<copenssl_wire>
    /// They live as long as OpenSSL may call for them.
    private let server: TLSServer?
    private let client: TLSClient?
    private let requiresCloseNotify: Bool
    /// Among the handshakes under way; nil once this one has ended.
    private var place: HandshakeTable.Place?
    /// What comes after the bytes that were received last.
    private var receivedLast: IOResult?
    /// A receive has to send something first, for which there is no room.
    private(set) var needsRoomToReceive = false
    /// The other side has ended without saying so in TLS.
    private(set) var wasCutOff = false
    /// Why TLS is broken (`isBroken`), for people.
    private(set) var problem: String?
    private(set) var isHandshakeDone = false

    /// A client's, who has just begun to speak.
    init(
        accepting context: TLSContext, of server: TLSServer, on descriptor: CInt,
        place: HandshakeTable.Place, requiresCloseNotify: Bool
    ) throws(TLSError) {
        unsafe (ssl, wire) = try Self.made(context, on: descriptor)
        self.server = server
        self.place = place
        client = nil
        self.requiresCloseNotify = requiresCloseNotify
        unsafe SSL_set_accept_state(ssl)
    }

    /// To a channel that has accepted; `prepare` says what is asked of it.
    init(
        connecting context: TLSContext, of client: TLSClient, on descriptor: CInt,
        requiresCloseNotify: Bool, prepare: (OpaquePointer) throws(TLSError) -> Void
    ) throws(TLSError) {
        unsafe (ssl, wire) = try Self.made(context, on: descriptor)
        self.client = client
        server = nil
        self.requiresCloseNotify = requiresCloseNotify
        unsafe SSL_set_connect_state(ssl)
        unsafe try prepare(ssl)
    }

    private static func made(
        _ context: TLSContext, on descriptor: CInt
    ) throws(TLSError) -> (OpaquePointer, UnsafeMutablePointer<copenssl_wire>) {
        guard let ssl = unsafe SSL_new(context.pointer) else {
            throw TLSContext.mistake("OpenSSL has no memory for a connection")
        }
        let wire = UnsafeMutablePointer<copenssl_wire>.allocate(capacity: 1)
        unsafe wire.initialize(to: copenssl_wire())
        unsafe wire.pointee.descriptor = descriptor
        guard unsafe copenssl_set_wire(ssl, wire) == 1 else {
            unsafe SSL_free(ssl)
            unsafe wire.deallocate()
            throw TLSContext.mistake("OpenSSL has no memory for a connection")
        }
        return unsafe (ssl, wire)
    }

    deinit {
        if isHandshakeDone {
            // However it ends, what was agreed on is as good as before for the next connection.
            unsafe SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        }
        unsafe SSL_free(ssl)
        unsafe copenssl_close_wire(wire)
        unsafe wire.deallocate()
    }

    // MARK: Events

    /// The socket may have something for us. After an end or urgent data a short receive says nothing, as no
    /// further event need come.
    @inline(__always)
    func noteReadable(isUnsure: Bool) {
        unsafe wire.pointee.is_dry = false
        if isUnsure { unsafe wire.pointee.is_unsure = true }
    }

    /// What moved last was ours: it has told the other side that its bytes have come.
    var hasSpokenLast: Bool { unsafe wire.pointee.has_spoken_last }

    // MARK: The handshake

    func shakeHands() -> Handshake {
        unsafe wire.pointee.received = 0
        let result = unsafe SSL_do_handshake(ssl)
        guard result != 1 else {
            isHandshakeDone = true
            place = nil
            counts?.add(isResumed: isResumed)
            return .done
        }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .waits(forRoom: false)
        case SSL_ERROR_WANT_WRITE: return .waits(forRoom: true)
        default: return failure
        }
    }

    private var counts: TLSCounts? { server?.counts ?? client?.counts }

    private var failure: Handshake {
        let (code, words) = Self.takeError()
        let number = unsafe wire.pointee.error
        if number != 0 { return .gone(number) }
        let reason = copenssl_reason(code)
        if code == 0 || reason == COPENSSL_UNEXPECTED_END { return .gone(0) }
        counts?.addFailure()
        let verification = unsafe SSL_get_verify_result(ssl)
        if reason == COPENSSL_BAD_CERTIFICATE {
            let why =
                verification == Int(X509_V_OK)
                ? words : unsafe String(cString: X509_verify_cert_error_string(verification))
            return .failed(TLSFailure(words: why, isCertificate: true))
        }
        return .failed(TLSFailure(words: reason == COPENSSL_NOT_TLS ? "it is not TLS" : words))
    }

    private static func takeError() -> (code: UInt, words: String) {
        var words = [CChar](repeating: 0, count: 200)
        let code = unsafe copenssl_take_error(&words, words.count)
        return (code, text(words))
    }

    // MARK: Bytes

    /// Receives into `space` what is there; moves nothing when nothing is.
    func receive(into space: UnsafeMutableRawBufferPointer) -> IOResult {
        if let last = receivedLast {
            guard case .wouldBlock = last else { return last }
            receivedLast = nil
        }
        needsRoomToReceive = false
        var count = 0
        while count < space.count {
            var received = 0
            unsafe wire.pointee.received = 0
            let result = unsafe SSL_read_ex(
                ssl, space.baseAddress?.advanced(by: count), space.count - count, &received)
            guard result != 1 else {
                count += received
                continue
            }
            let last = stop(result)
            guard count > 0 else {
                if case .wouldBlock = last {} else { receivedLast = last }
                return last
            }
            receivedLast = last
            break
        }
        return .moved(count)
    }

    /// Nothing more can be received before the next event.
    var isDry: Bool { if case .wouldBlock = receivedLast { true } else { false } }

    /// What it means that nothing was received.
    private func stop(_ result: Int32) -> IOResult {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wouldBlock
        case SSL_ERROR_WANT_WRITE:
            needsRoomToReceive = true
            return .wouldBlock
        case SSL_ERROR_ZERO_RETURN:
            // What comes before the end of the wire is read first, and so is TLS's own end.
            wasCutOff = unsafe wire.pointee.has_ended
            guard wasCutOff, requiresCloseNotify else { return .endOfStream }
            problem = "it has ended without TLS's own end"
            return .failed(Self.isBroken)
        default:
            let (_, words) = Self.takeError()
            let number = unsafe wire.pointee.error
            if number == Self.isBroken { problem = "too much comes without a byte in it" }
            if number != 0 { return .failed(number) }
            problem = words
            return .failed(Self.isBroken)
        }
    }

    /// Sends as much as the socket has room for. What was not sent has to be offered again as it was; what was may
    /// still wait here for room.
    func send(_ bytes: UnsafeRawBufferPointer) -> IOResult {
        if let obstacle = flush() { return obstacle }
        // Several records in one call, which the kernel can cut as it likes.
        if bytes.count > Self.mostInRecord { unsafe copenssl_gather(wire) }
        var count = 0
        while count < bytes.count {
            var sent = 0
            let result = unsafe SSL_write_ex(
                ssl, bytes.baseAddress?.advanced(by: count), bytes.count - count, &sent)
            guard result != 1 else {
                count += sent
                continue
            }
            switch unsafe SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
                if case .failed(let number)? = flush() { return .failed(number) }
                return count > 0 ? .moved(count) : .wouldBlock
            default:
                let (_, words) = Self.takeError()
                let number = unsafe wire.pointee.error
                if number == 0 { problem = words }
                return .failed(number == 0 ? Self.isBroken : number)
            }
        }
        if case .failed(let number)? = flush() { return .failed(number) }
        return .moved(count)
    }

    /// RFC 8446, section 5.1.
    private static let mostInRecord = 16_384

    /// Something that was sent waits here for room.
    var hasUnsent: Bool { unsafe wire.pointee.outbox != nil }

    /// Sends what waits here; nil: all of it.
    func flush() -> IOResult? {
        guard hasUnsent else { return nil }
        switch unsafe copenssl_flush(wire) {
        case 1: return nil
        case 0: return .wouldBlock
        default: return unsafe .failed(wire.pointee.error)
        }
    }

    /// Tells the other side that nothing more will come (close_notify, RFC 8446, section 6.1); false: there is no
    /// room for that yet.
    func endWrites() -> Bool {
        let result = unsafe SSL_shutdown(ssl)
        guard result < 0 else { return true }
        let error = unsafe SSL_get_error(ssl, result)
        ERR_clear_error()
        return error != SSL_ERROR_WANT_WRITE
    }

    /// The same as `receive` and `send` for those who keep bytes in arrays.
    func receive(into space: inout [UInt8]) -> IOResult {
        unsafe space.withUnsafeMutableBytes { unsafe receive(into: $0) }
    }

    func send(_ bytes: ArraySlice<UInt8>) -> IOResult {
        unsafe bytes.withUnsafeBytes { unsafe send($0) }
    }

    // MARK: What was agreed on

    /// The host name that the client asked for. OpenSSL accepts any text.
    var serverName: String? {
        unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)
            .flatMap { unsafe ServerName.read(Array(String(cString: $0).utf8)) }
    }

    /// What is spoken within (RFC 7301).
    var alpn: [UInt8]? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name = unsafe name, count > 0 else { return nil }
        return unsafe Array(UnsafeBufferPointer(start: name, count: Int(count)))
    }

    /// `TLSv1.3`
    var version: String { unsafe String(cString: SSL_get_version(ssl)) }

    /// `TLS_AES_128_GCM_SHA256`
    var cipher: String {
        guard let cipher = unsafe SSL_get_current_cipher(ssl),
            let name = unsafe SSL_CIPHER_get_name(cipher)
        else { return "-" }
        return unsafe String(cString: name)
    }

    /// It goes on with what was agreed on in an earlier connection.
    var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    /// Whom the other side's certificate is about, where it has shown one: the whole subject (RFC 2253) and its
    /// common name.
    var subject: (whole: String, commonName: String)? {
        var whole = [CChar](repeating: 0, count: Self.mostSubject)
        var name = [CChar](repeating: 0, count: Self.mostSubject)
        guard unsafe copenssl_subject(ssl, &whole, whole.count, &name, name.count) else {
            return nil
        }
        return (Self.text(whole), Self.text(name))
    }

    /// Up to the zero behind it.
    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A subject is cut after so many bytes.
    private static let mostSubject = 512
}

/// Why a handshake has failed, in words, and whether it is the other side's certificate that is to blame.
struct TLSFailure: Equatable, Sendable {
    var words: String
    var isCertificate = false
}
