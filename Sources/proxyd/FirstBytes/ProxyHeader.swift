internal import Shared

/// What a proxy in front of us says of a client (the PROXY protocol, haproxy's doc/proxy-protocol.txt).
struct ProxyHeader: Equatable, Sendable {
    /// Who connected there, and to what; nil: the proxy speaks for itself, or does not know.
    var addresses: Addresses?
    var details = ClientDetails()

    struct Addresses: Equatable, Sendable {
        var source: Endpoint
        var destination: Endpoint
    }
}

/// What is known of a client besides its address; all of it bounded, none of it trusted.
struct ClientDetails: Equatable, Sendable {
    /// The server name that it asked for.
    var serverName: String?
    /// What it wants to speak, as in TLS (RFC 7301).
    var alpn: [UInt8]?
    /// What other logs know this connection by.
    var uniqueID: [UInt8]?
    /// What TLS has found out of it.
    var tls: TLSDetails?

    struct TLSDetails: Equatable, Sendable {
        /// It has shown a certificate, in this connection or in one that this one goes on with.
        var hasCertificate = false
        /// The certificate was found good.
        var isVerified = false
        /// `TLSv1.3`.
        var version: String?
        /// The certificate's common name.
        var commonName: String?
        /// Its whole subject (RFC 2253), where the handshake was ours.
        var subject: String?
        /// `TLS_AES_256_GCM_SHA384`.
        var cipher: String?
    }
}

// MARK: - Reading

/// What the beginning of a connection amounts to.
enum ProxyHeaderReading: Equatable, Sendable {
    /// So many bytes have to be there before there is more to say.
    case incomplete(needs: Int)
    /// It takes up so many bytes.
    case complete(ProxyHeader, length: Int)
    /// Not a header; why, in words.
    case malformed(String)
}

extension ProxyHeader {
    /// Longer ones are refused: what a proxy has to say is said in some hundred bytes.
    static let mostBytes = 4096
    /// The longest header of version 1, with its CR LF.
    static let mostBytesV1 = 107

    static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// Reads the header that a connection has to begin with, of either version.
    static func read(_ bytes: [UInt8]) -> ProxyHeaderReading {
        let isV2 = bytes.prefix(12).elementsEqual(signature.prefix(bytes.count))
        let isV1 = bytes.prefix(6).elementsEqual(Array("PROXY ".utf8).prefix(bytes.count))
        if bytes.isEmpty || isV1 && isV2 { return .incomplete(needs: 1) }
        if isV1 { return readV1(bytes) }
        if isV2 { return readV2(bytes) }
        return .malformed("it does not begin with a PROXY header")
    }

    // MARK: Version 1

    private static func readV1(_ bytes: [UInt8]) -> ProxyHeaderReading {
        guard let end = bytes.firstIndex(of: 0x0A) else {
            guard bytes.count < mostBytesV1 else {
                return .malformed("its first line has more than \(mostBytesV1) bytes")
            }
            return .incomplete(needs: bytes.count + 1)
        }
        guard end < mostBytesV1, end > 0, bytes[end - 1] == 0x0D else {
            return .malformed("its first line does not end with CR LF in time")
        }
        let line = bytes[..<(end - 1)]
        guard let text = String(validating: line, as: UTF8.self),
            text.utf8.allSatisfy({ $0 > 0x1F })
        else { return .malformed("its first line is not text") }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        if words.count >= 2, words[1] == "UNKNOWN" {
            return .complete(ProxyHeader(), length: end + 1)
        }
        guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6" else {
            return .malformed("its first line is no “PROXY TCP4 …”, “TCP6” or “UNKNOWN”")
        }
        guard let source = endpoint(words[2], words[4], isV4: words[1] == "TCP4"),
            let destination = endpoint(words[3], words[5], isV4: words[1] == "TCP4")
        else { return .malformed("its first line has a bad address or port") }
        let addresses = Addresses(source: source, destination: destination)
        return .complete(ProxyHeader(addresses: addresses), length: end + 1)
    }

    private static func endpoint(
        _ address: Substring, _ port: Substring, isV4: Bool
    ) -> Endpoint? {
        guard let address = IPAddress(address), address.isV4 == isV4,
            (1...5).contains(port.utf8.count), port.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt16(port), number == 0 ? port == "0" : !port.hasPrefix("0")
        else { return nil }
        return .ip(address, port: number)
    }

    // MARK: Version 2

    private static func readV2(_ bytes: [UInt8]) -> ProxyHeaderReading {
        guard bytes.count >= 16 else { return .incomplete(needs: 16) }
        guard bytes[12] >> 4 == 2 else { return .malformed("its version is not 2") }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard 16 + length <= mostBytes else {
            return .malformed("its header has more than \(mostBytes) bytes")
        }
        guard bytes.count >= 16 + length else { return .incomplete(needs: 16 + length) }
        guard bytes[12] & 0xF <= 1 else { return .malformed("its command is unknown") }
        let isLocal = bytes[12] & 0xF == 0
        var rest = bytes[16..<(16 + length)]
        var header = ProxyHeader()
        switch bytes[13] {
        case 0x11:
            guard rest.count >= 12 else { return .malformed("its addresses are cut off") }
            header.addresses = Addresses(
                source: .ip(v4(rest, 0), port: port(rest, 8)),
                destination: .ip(v4(rest, 4), port: port(rest, 10)))
            rest = rest.dropFirst(12)
        case 0x21:
            guard rest.count >= 36 else { return .malformed("its addresses are cut off") }
            header.addresses = Addresses(
                source: .ip(v6(rest, 0), port: port(rest, 32)),
                destination: .ip(v6(rest, 16), port: port(rest, 34)))
            rest = rest.dropFirst(36)
        case 0x31:
            guard rest.count >= 216 else { return .malformed("its addresses are cut off") }
            rest = rest.dropFirst(216)
        case 0x00:
            // Nothing is known of what else is in there.
            return .complete(ProxyHeader(), length: 16 + length)
        default:
            // Datagrams and what is to come: a stream of ours cannot be meant.
            guard isLocal else { return .malformed("its transport is not a stream") }
            return .complete(ProxyHeader(), length: 16 + length)
        }
        // What a proxy sends to see whether we are there says nothing of a client (LOCAL).
        if isLocal { return .complete(ProxyHeader(), length: 16 + length) }
        if let problem = header.details.read(rest, of: bytes[..<(16 + length)]) {
            return .malformed(problem)
        }
        return .complete(header, length: 16 + length)
    }

    private static func number(_ bytes: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
        bytes[(bytes.startIndex + offset)...].prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func port(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> UInt16 {
        UInt16(number(bytes, offset, 2))
    }

    private static func v4(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> IPAddress {
        .v4(UInt32(number(bytes, offset, 4)))
    }

    private static func v6(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> IPAddress {
        .v6(high: number(bytes, offset, 8), low: number(bytes, offset + 8, 8), scope: 0)
    }
}

extension ClientDetails {
    /// The kinds of what follows the addresses.
    enum Kind {
        static let alpn: UInt8 = 0x01
        static let authority: UInt8 = 0x02
        static let crc32c: UInt8 = 0x03
        static let uniqueID: UInt8 = 0x05
        static let tls: UInt8 = 0x20
        static let tlsVersion: UInt8 = 0x21
        static let tlsCommonName: UInt8 = 0x22
        static let tlsCipher: UInt8 = 0x23
    }

    static let mostUniqueID = 128
    static let mostText = 255

    /// Reads what follows the addresses; unknown kinds are passed over.
    ///
    /// - Returns: what is wrong with it; nil: nothing.
    fileprivate mutating func read(
        _ rest: ArraySlice<UInt8>, of header: ArraySlice<UInt8>
    ) -> String? {
        var rest = rest
        while !rest.isEmpty {
            guard let (kind, value) = Self.next(of: &rest) else { return "its end is cut off" }
            switch kind {
            case Kind.alpn: alpn = value.count <= Self.mostText ? Array(value) : nil
            case Kind.authority: serverName = ServerName.read(value)
            case Kind.uniqueID:
                guard value.count <= Self.mostUniqueID else { return "its unique id is too long" }
                uniqueID = Array(value)
            case Kind.crc32c:
                guard value.count == 4 else { return "its checksum has not four bytes" }
                let told = value.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                var blank = Array(header)
                for index in value.indices { blank[index] = 0 }
                guard CRC32C.of(blank) == told else { return "its checksum is wrong" }
            case Kind.tls:
                guard let details = TLSDetails.read(value) else {
                    return "what it says of TLS is cut off"
                }
                tls = details
            default: break
            }
        }
        return nil
    }

    fileprivate static func next(
        of rest: inout ArraySlice<UInt8>
    ) -> (kind: UInt8, value: ArraySlice<UInt8>)? {
        guard rest.count >= 3 else { return nil }
        let start = rest.startIndex
        let length = Int(rest[start + 1]) << 8 | Int(rest[start + 2])
        guard rest.count >= 3 + length else { return nil }
        let value = rest[(start + 3)..<(start + 3 + length)]
        let kind = rest[start]
        rest = rest.dropFirst(3 + length)
        return (kind, value)
    }

    /// Printable text only: it goes into logs and on.
    fileprivate static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        guard (1...mostText).contains(bytes.count),
            let text = String(validating: bytes, as: UTF8.self),
            !text.unicodeScalars.contains(where: PlainText.isUnsafe)
        else { return nil }
        return text
    }
}

extension ClientDetails.TLSDetails {
    static let isTLS: UInt8 = 1
    static let certificateNow: UInt8 = 2
    static let certificateBefore: UInt8 = 4

    /// What the kind `tls` holds: nothing of TLS is nil within, a value that is cut off without.
    fileprivate static func read(_ value: ArraySlice<UInt8>) -> Self?? {
        guard value.count >= 5, let flags = value.first else { return .none }
        let verify = value.dropFirst().prefix(4)
        var rest = value.dropFirst(5)
        var details = Self()
        while !rest.isEmpty {
            guard let (kind, value) = ClientDetails.next(of: &rest) else { return .none }
            let text = ClientDetails.text(value)
            switch kind {
            case ClientDetails.Kind.tlsVersion: details.version = text
            case ClientDetails.Kind.tlsCommonName: details.commonName = text
            case ClientDetails.Kind.tlsCipher: details.cipher = text
            default: break
            }
        }
        guard flags & isTLS != 0 else { return .some(nil) }
        details.hasCertificate = flags & (certificateNow | certificateBefore) != 0
        details.isVerified = details.hasCertificate && verify.allSatisfy { $0 == 0 }
        return .some(details)
    }
}
