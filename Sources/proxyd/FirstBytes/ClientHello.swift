/// What a TLS client says first (RFC 8446, section 4.1.2), as far as it is of use without decrypting.
struct ClientHello: Equatable, Sendable {
    /// The server name that it asks for, in lower case; nil: none.
    var serverName: String?
    /// What it offers to speak, in its order (RFC 7301).
    var alpn: [[UInt8]] = []
}

/// What the beginning of a connection amounts to.
enum ClientHelloReading: Equatable, Sendable {
    /// So many bytes have to be there before there is more to say.
    case incomplete(needs: Int)
    case complete(ClientHello)
    /// It is something else than TLS.
    case other
    /// It begins as TLS does and goes on as nothing we know; in words, why.
    case malformed(String)
}

extension ClientHello {
    /// With records and all. Those with post-quantum keys have some two thousand.
    static let mostBytes = 32_000
    /// Of one record (RFC 8446, section 5.1).
    private static let mostRecordBytes = 16_384

    /// Reads the first handshake message, in however many records it comes.
    static func read(_ bytes: [UInt8]) -> ClientHelloReading {
        var message: [UInt8] = []
        var offset = 0
        /// Of the message, with its four bytes in front; known once these are there.
        var length: Int?
        while true {
            // A record's type, two bytes of version, two of length.
            let head = bytes[min(offset, bytes.count)...].prefix(5)
            if let first = head.first, first != 0x16 {
                return offset == 0
                    ? .other : .malformed("its hello is broken off by another record")
            }
            if head.count > 1, head[head.startIndex + 1] != 3 {
                return offset == 0
                    ? .other : .malformed("a record of its hello has another version")
            }
            guard head.count == 5 else { return needs(offset + 5) }
            let size = Int(head[head.startIndex + 3]) << 8 | Int(head[head.startIndex + 4])
            guard size > 0, size <= mostRecordBytes else {
                return .malformed("a record of its hello has \(size) bytes")
            }
            let content = bytes[(offset + 5)...].prefix(size)
            message += content
            if let type = message.first, type != 1 {
                return offset == 0 ? .other : .malformed("its first message is not a ClientHello")
            }
            if length == nil, message.count >= 4 {
                let told = Int(message[1]) << 16 | Int(message[2]) << 8 | Int(message[3])
                guard told <= mostBytes else {
                    return .malformed("its hello has \(told) bytes, more than \(mostBytes)")
                }
                length = told + 4
            }
            if let length, message.count >= length {
                return body(message[4..<length])
            }
            guard content.count == size else {
                // As much as this record has, and no more than the message needs.
                let missing = min(size - content.count, (length ?? 4) - message.count)
                return needs(bytes.count + max(1, missing))
            }
            offset += 5 + size
        }
    }

    private static func needs(_ count: Int) -> ClientHelloReading {
        count <= mostBytes
            ? .incomplete(needs: count) : .malformed("its hello has more than \(mostBytes) bytes")
    }

    private static func body(_ message: ArraySlice<UInt8>) -> ClientHelloReading {
        var rest = WireSlice(message)
        // Version and random, session, ciphers, compressions.
        guard rest.skip(34), rest.skipVector(1), rest.skipVector(2), rest.skipVector(1) else {
            return .malformed("its hello is cut off")
        }
        var hello = ClientHello()
        // Before TLS 1.2 there may be no extensions at all.
        if rest.isEmpty { return .complete(hello) }
        guard var extensions = rest.vector(2), rest.isEmpty else {
            return .malformed("its extensions are cut off")
        }
        while !extensions.isEmpty {
            guard let kind = extensions.number(2), let content = extensions.vector(2) else {
                return .malformed("its extensions are cut off")
            }
            switch kind {
            case 0:
                guard hello.takeServerName(content) else {
                    return .malformed("malformed server_name extension")
                }
            case 16:
                guard hello.takeALPN(content) else {
                    return .malformed("malformed ALPN extension")
                }
            default: break
            }
        }
        return .complete(hello)
    }

    /// RFC 6066, section 3: a list of names, of which only host names were ever defined.
    private mutating func takeServerName(_ content: WireSlice) -> Bool {
        var content = content
        guard var names = content.vector(2), content.isEmpty else { return false }
        while !names.isEmpty {
            guard let kind = names.number(1), let name = names.vector(2) else { return false }
            guard kind == 0 else { continue }
            guard (1...255).contains(name.bytes.count),
                name.bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { return false }
            serverName = ServerName.read(name.bytes)
            return true
        }
        return true
    }

    private mutating func takeALPN(_ content: WireSlice) -> Bool {
        var content = content
        guard var names = content.vector(2), content.isEmpty else { return false }
        alpn = []
        while !names.isEmpty {
            guard let name = names.vector(1), !name.bytes.isEmpty else { return false }
            alpn.append(Array(name.bytes))
        }
        return true
    }
}

/// Bytes of a protocol, read from the front; nothing is read beyond the end.
private struct WireSlice {
    private(set) var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    var isEmpty: Bool { bytes.isEmpty }

    mutating func skip(_ count: Int) -> Bool {
        guard bytes.count >= count else { return false }
        bytes = bytes.dropFirst(count)
        return true
    }

    mutating func number(_ count: Int) -> Int? {
        guard bytes.count >= count else { return nil }
        defer { bytes = bytes.dropFirst(count) }
        return bytes.prefix(count).reduce(0) { $0 << 8 | Int($1) }
    }

    /// As many bytes as a number of `count` bytes in front of them says.
    mutating func vector(_ count: Int) -> WireSlice? {
        guard let length = number(count), bytes.count >= length else { return nil }
        defer { bytes = bytes.dropFirst(length) }
        return WireSlice(bytes.prefix(length))
    }

    mutating func skipVector(_ count: Int) -> Bool { vector(count) != nil }
}
