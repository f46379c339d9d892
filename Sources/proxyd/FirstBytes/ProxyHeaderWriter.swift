internal import Shared

extension ProxyHeader {
    /// As a channel gets it.
    func bytes(_ form: ProxyProtocolOut) -> [UInt8] {
        form.isBinary ? bytesV2(form) : bytesV1
    }

    private var bytesV1: [UInt8] {
        guard case .ip(let source, let sourcePort)? = addresses?.source,
            case .ip(let destination, let destinationPort)? = addresses?.destination
        else { return Array("PROXY UNKNOWN\r\n".utf8) }
        let (from, to) = Self.alike(source, destination)
        let family = from.isV4 ? "TCP4" : "TCP6"
        return Array("PROXY \(family) \(from) \(to) \(sourcePort) \(destinationPort)\r\n".utf8)
    }

    private func bytesV2(_ form: ProxyProtocolOut) -> [UInt8] {
        var bytes = Self.signature
        // PROXY, but LOCAL where there is no client.
        bytes.append(addresses == nil ? 0x20 : 0x21)
        if case .ip(let source, let sourcePort)? = addresses?.source,
            case .ip(let destination, let destinationPort)? = addresses?.destination
        {
            let (from, to) = Self.alike(source, destination)
            bytes += [from.isV4 ? 0x11 : 0x21, 0, 0] + from.wire + to.wire
            for port in [sourcePort, destinationPort] {
                bytes += [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
            }
        } else {
            bytes += [0, 0, 0]
        }
        if addresses != nil { details.append(form, to: &bytes) }
        let checksumAt = bytes.count + 3
        if form.options.contains(.crc32c) {
            ClientDetails.append(ClientDetails.Kind.crc32c, [0, 0, 0, 0], to: &bytes)
        }
        let length = bytes.count - 16
        (bytes[14], bytes[15]) = (UInt8(length >> 8), UInt8(truncatingIfNeeded: length))
        if form.options.contains(.crc32c) {
            let checksum = CRC32C.of(bytes)
            for index in 0..<4 {
                bytes[checksumAt + index] = UInt8(
                    truncatingIfNeeded: checksum >> UInt32(24 - 8 * index))
            }
        }
        return bytes
    }

    /// Both of one family: of two that differ both as IPv6.
    private static func alike(
        _ source: IPAddress, _ destination: IPAddress
    ) -> (IPAddress, IPAddress) {
        if source.isV4 == destination.isV4 {
            return (source.withoutScope, destination.withoutScope)
        }
        return (source.asV6, destination.asV6)
    }
}

extension ClientDetails {
    /// What is known and wanted.
    fileprivate func append(_ form: ProxyProtocolOut, to bytes: inout [UInt8]) {
        if form.options.contains(.alpn), let alpn { Self.append(Kind.alpn, alpn, to: &bytes) }
        if form.options.contains(.serverName), let serverName {
            Self.append(Kind.authority, Array(serverName.utf8), to: &bytes)
        }
        if form.options.contains(.uniqueID), let uniqueID {
            Self.append(Kind.uniqueID, uniqueID, to: &bytes)
        }
        if form.options.contains(.certificate), let tls {
            Self.append(Kind.tls, tls.bytes, to: &bytes)
        }
    }

    fileprivate static func append(_ kind: UInt8, _ value: [UInt8], to bytes: inout [UInt8]) {
        bytes += [kind, UInt8(truncatingIfNeeded: value.count >> 8)]
        bytes.append(UInt8(truncatingIfNeeded: value.count))
        bytes += value
    }
}

extension IPAddress {
    /// In network order.
    fileprivate var wire: [UInt8] {
        func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * (count - 1 - $0))) }
        }
        switch self {
        case .v4(let address): return bytes(UInt64(address), 4)
        case .v6(let high, let low, _): return bytes(high, 8) + bytes(low, 8)
        }
    }

    fileprivate var asV6: IPAddress {
        switch self {
        case .v4(let address): .v6(high: 0, low: 0xFFFF_0000_0000 | UInt64(address), scope: 0)
        case .v6: withoutScope
        }
    }

    /// A scope means something on this machine only.
    fileprivate var withoutScope: IPAddress {
        if case .v6(let high, let low, _) = self { return .v6(high: high, low: low, scope: 0) }
        return self
    }
}

extension ClientDetails.TLSDetails {
    /// As the kind `tls` holds it.
    fileprivate var bytes: [UInt8] {
        let certificate = hasCertificate ? Self.certificateNow | Self.certificateBefore : 0
        var bytes = [Self.isTLS | certificate, 0, 0, 0, isVerified || !hasCertificate ? 0 : 1]
        for (kind, text) in [
            (ClientDetails.Kind.tlsVersion, version),
            (ClientDetails.Kind.tlsCommonName, commonName),
            (ClientDetails.Kind.tlsCipher, cipher),
        ] {
            if let text { ClientDetails.append(kind, Array(text.utf8), to: &bytes) }
        }
        return bytes
    }
}
