/// TLS with the clients of a listener.
struct TLSListenerConfiguration: Equatable, Sendable {
    /// Chosen among by the server name that the client asks for; the first is for everybody else. Never empty.
    var certificates: [CertificateConfiguration] = []
    var versions = TLSVersions()
    /// What is agreed on among; nil: Mozilla's intermediate choice.
    var ciphers: TLSCiphers = .init()
    /// What is spoken within TLS, in our order (RFC 7301); empty: nothing is said about it.
    var alpn: [String] = []
    var clientCertificate = ClientCertificate.none
    /// File with the authorities of clients' certificates (PEM).
    var clientCA: String?
    /// File with certificates that are revoked (CRL, PEM).
    var revoked: String?
    /// Clients that come again need no full handshake.
    var tickets = true
    /// How long they may take to come again; keys change as often.
    var ticketLifetime = Duration.seconds(12 * 3600)
    /// A handshake may take so long.
    var handshakeTimeout = Duration.seconds(10)
    /// So many handshakes may have begun and not ended.
    var maxHandshakes = 4096
    var unknownName = UnknownName.first
    /// An end without TLS's own end is a broken connection.
    var requiresCloseNotify = false
}

/// A certificate with its key, in files.
struct CertificateConfiguration: Equatable, Sendable {
    /// The certificate and those between it and its authority (PEM).
    var certificate: String
    /// nil: in the certificate's file.
    var key: String?
    /// What the key is encrypted with.
    var passphrase: Passphrase?
    /// The server names it is for; empty: those that it says itself.
    var names: [String] = []
    /// File with its authority's word that it is still good (OCSP response, DER).
    var staple: String?
}

/// Where a passphrase comes from.
enum Passphrase: Equatable, Sendable {
    case text(Secret<String>)
    /// The first line of a file.
    case file(String)
    /// A variable of the environment.
    case environment(String)
}

/// The versions of TLS that are spoken.
struct TLSVersions: Equatable, Sendable {
    enum Version: String, Comparable, Sendable, CaseIterable {
        case v12 = "1.2"
        case v13 = "1.3"

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    var least = Version.v12
    var most = Version.v13
}

/// What is agreed on among, as OpenSSL writes it (openssl-ciphers(1)); nil: Mozilla's intermediate choice.
struct TLSCiphers: Equatable, Sendable {
    /// Of TLS 1.2.
    var ciphers: String?
    /// Of TLS 1.3.
    var suites: String?
    var curves: String?
}

/// Whether a client shows who it is.
enum ClientCertificate: String, Equatable, Sendable, CaseIterable {
    /// It is not asked.
    case none
    /// It may; one that it shows has to be good.
    case optional
    case required
}

/// What a client meets that asks for a name of which there is no certificate.
enum UnknownName: String, Equatable, Sendable, CaseIterable {
    /// The first certificate.
    case first
    /// The alert `unrecognized_name` (RFC 6066).
    case refuse
}

/// TLS with a channel.
struct TLSChannelConfiguration: Equatable, Sendable {
    /// Its certificate has to be good, and for the right name.
    var verifies = true
    /// File with the authorities (PEM); nil: the system's.
    var ca: String?
    /// File with certificates that are revoked (CRL, PEM).
    var revoked: String?
    /// The name that the certificate has to be for; nil: the one in the channel's address.
    var name: String?
    var serverName = ServerNameChoice.automatic
    var alpn = ALPNChoice.list([])
    /// Who we are.
    var certificate: CertificateConfiguration?
    var versions = TLSVersions()
    var ciphers = TLSCiphers()
    /// An end without TLS's own end is a broken connection.
    var requiresCloseNotify = false

    /// What name we ask for (SNI).
    enum ServerNameChoice: Equatable, Sendable {
        /// The name that the certificate has to be for, where it is not an address.
        case automatic
        case none
        /// The one that the client has asked for, where it has.
        case client
        case name(String)
    }

    /// What we offer to speak (RFC 7301).
    enum ALPNChoice: Equatable, Sendable {
        case list([String])
        /// What was agreed on with the client.
        case client
    }
}

/// What a channel or its group says about TLS; `no` undoes what the group says.
enum TLSChoice: Equatable, Sendable {
    case no
    case yes(TLSChannelConfiguration)

    var configuration: TLSChannelConfiguration? {
        if case .yes(let configuration) = self { configuration } else { nil }
    }
}
