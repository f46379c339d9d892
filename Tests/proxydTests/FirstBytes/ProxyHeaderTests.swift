import Shared
import Testing

@testable import proxyd

@Suite("Headers of the PROXY protocol")
struct ProxyHeaderTests {
    private static func endpoint(_ text: String) -> Endpoint {
        (try? Endpoint(text)) ?? .unix(path: "no endpoint: \(text)")
    }

    private static func header(_ source: String, _ destination: String) -> ProxyHeader {
        ProxyHeader(
            addresses: .init(source: endpoint(source), destination: endpoint(destination)))
    }

    private static func v2(_ command: UInt8, _ family: UInt8, _ rest: [UInt8]) -> [UInt8] {
        ProxyHeader.signature
            + [command, family, UInt8(rest.count >> 8), UInt8(truncatingIfNeeded: rest.count)]
            + rest
    }

    private static let v4Addresses: [UInt8] = [192, 0, 2, 7, 10, 0, 0, 1, 0xC3, 0x50, 0, 143]

    @Test(
        "version 1",
        arguments: [
            (
                "PROXY TCP4 192.0.2.7 10.0.0.1 50000 143\r\n",
                header("192.0.2.7:50000", "10.0.0.1:143")
            ),
            (
                "PROXY TCP6 2001:db8::7 ::1 0 65535\r\n",
                header("[2001:db8::7]:0", "[::1]:65535")
            ),
            ("PROXY UNKNOWN\r\n", ProxyHeader()),
            ("PROXY UNKNOWN ffff::f ffff::f 65535 65535\r\n", ProxyHeader()),
        ])
    func v1(text: String, expected: ProxyHeader) {
        let bytes = Array(text.utf8)
        #expect(ProxyHeader.read(bytes) == .complete(expected, length: bytes.count))
        #expect(
            ProxyHeader.read(bytes + Array("rest".utf8))
                == .complete(expected, length: bytes.count))
        for count in 0..<bytes.count {
            guard case .incomplete(let needs) = ProxyHeader.read(Array(bytes.prefix(count))) else {
                Issue.record("\(count) bytes were enough")
                continue
            }
            #expect(needs > count)
        }
        if expected.addresses != nil {
            #expect(expected.bytes(ProxyProtocolOut(isBinary: false)) == bytes)
        }
    }

    @Test(
        "what is not a header",
        arguments: [
            "GET / HTTP/1.0\r\n", "PROXX", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
            "PROXY TCP4 ::1 5.6.7.8 1 2\r\n", "PROXY TCP6 1.2.3.4 ::1 1 2\r\n",
            "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", "PROXY\r\n", "PROXY \n", "\u{16}\u{3}\u{1}",
            "PROXY UNKNOWN " + String(repeating: "x", count: 93), "\r\n\r\nhello",
        ])
    func nonsense(text: String) {
        guard case .malformed(let problem) = ProxyHeader.read(Array(text.utf8)) else {
            Issue.record("it was taken: \(ProxyHeader.read(Array(text.utf8)))")
            return
        }
        #expect(problem.hasPrefix("it"))
    }

    @Test(
        "version 2",
        arguments: [
            (v2(0x21, 0x11, v4Addresses), header("192.0.2.7:50000", "10.0.0.1:143")),
            // What follows the addresses and is unknown is passed over.
            (
                v2(0x21, 0x11, v4Addresses + [0xEE, 0, 1, 7, 4, 0, 0]),
                header("192.0.2.7:50000", "10.0.0.1:143")
            ),
            (v2(0x20, 0x11, v4Addresses), ProxyHeader()), (v2(0x20, 0, []), ProxyHeader()),
            (v2(0x21, 0, [1, 2, 3]), ProxyHeader()), (v2(0x20, 0x99, []), ProxyHeader()),
            (v2(0x21, 0x31, Array(repeating: 0, count: 216)), ProxyHeader()),
        ])
    func binary(bytes: [UInt8], expected: ProxyHeader) {
        #expect(ProxyHeader.read(bytes + [1, 2]) == .complete(expected, length: bytes.count))
        for count in 0..<bytes.count {
            guard case .incomplete(let needs) = ProxyHeader.read(Array(bytes.prefix(count))) else {
                Issue.record("\(count) bytes were enough")
                continue
            }
            #expect(needs > count)
        }
    }

    @Test(
        "what is not a header of version 2",
        arguments: [
            (v2(0x31, 0x11, v4Addresses), "its version is not 2"),
            (v2(0x22, 0x11, v4Addresses), "its command is unknown"),
            (v2(0x21, 0x12, v4Addresses), "its transport is not a stream"),
            (v2(0x21, 0x11, [1, 2, 3]), "its addresses are cut off"),
            (v2(0x21, 0x21, v4Addresses), "its addresses are cut off"),
            (v2(0x21, 0x11, v4Addresses + [4, 0]), "its end is cut off"),
            (v2(0x21, 0x11, v4Addresses + [4, 0, 2, 0]), "its end is cut off"),
            (v2(0x21, 0x11, v4Addresses + [3, 0, 4, 1, 2, 3, 4]), "its checksum is wrong"),
            (v2(0x21, 0x11, v4Addresses + [3, 0, 1, 1]), "its checksum has not four bytes"),
            (v2(0x21, 0x11, v4Addresses + [0x20, 0, 2, 1, 1]), "what it says of TLS is cut off"),
            (
                v2(0x21, 0x11, v4Addresses + [5, 0, 129] + Array(repeating: 1, count: 129)),
                "its unique id is too long"
            ),
            (
                v2(0x21, 0x11, Array(repeating: 0, count: 4081)),
                "its header has more than 4096 bytes"
            ),
        ])
    func badBinary(bytes: [UInt8], expected: String) {
        #expect(ProxyHeader.read(bytes) == .malformed(expected))
    }

    @Test("the checksum is that of RFC 3720")
    func checksum() {
        #expect(CRC32C.of(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.of(Array(repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.of([]) == 0)
    }

    @Test("what is written is read back, with all that is known, and no more than is wanted")
    func roundTrip() {
        var header = Self.header("192.0.2.7:50000", "10.0.0.1:143")
        header.details = ClientDetails(
            serverName: "mail.example.com", alpn: Array("imap".utf8), uniqueID: Array("u-1".utf8),
            tls: .init(
                hasCertificate: true, isVerified: true, version: "TLSv1.3", commonName: "Ärger",
                cipher: "TLS_AES_256_GCM_SHA384"))
        for source in ["192.0.2.7:50000", "[2001:db8::7]:1"] {
            header.addresses?.source = Self.endpoint(source)
            header.addresses?.destination = Self.endpoint(
                source.hasPrefix("[") ? "[::1]:143" : "10.0.0.1:143")
            let bytes = header.bytes(ProxyProtocolOut(isBinary: true, options: .everything))
            #expect(ProxyHeader.read(bytes) == .complete(header, length: bytes.count))
            // A wrong bit anywhere is found, but for the one that makes no checksum of the checksum.
            for index in 16..<bytes.count where index != bytes.count - 7 {
                var wrong = bytes
                wrong[index] ^= 4
                if case .complete(header, _) = ProxyHeader.read(wrong) {
                    Issue.record("byte \(index) does not count")
                }
            }
            let bare = header.bytes(ProxyProtocolOut(isBinary: true))
            let without = ProxyHeader(addresses: header.addresses)
            #expect(ProxyHeader.read(bare) == .complete(without, length: bare.count))
        }
    }

    @Test("of two families both become IPv6, and who has no address is unknown")
    func families() {
        let mixed = Self.header("192.0.2.7:50000", "[2001:db8::1]:143")
        #expect(
            String(decoding: mixed.bytes(ProxyProtocolOut(isBinary: false)), as: UTF8.self)
                == "PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 50000 143\r\n")
        var unix = mixed
        unix.addresses?.source = .unix(path: "")
        #expect(
            unix.bytes(ProxyProtocolOut(isBinary: false)) == Array("PROXY UNKNOWN\r\n".utf8))
        #expect(
            unix.bytes(ProxyProtocolOut(isBinary: true)) == Self.v2(0x21, 0, []))
        #expect(
            ProxyHeader().bytes(ProxyProtocolOut(isBinary: true)) == Self.v2(0x20, 0, []))
    }

    // MARK: Mutations

    static let seeds: [[UInt8]] =
        ["PROXY TCP4 192.0.2.7 10.0.0.1 50000 143\r\nx", "PROXY UNKNOWN\r\n"].map {
            Array($0.utf8)
        } + [
            v2(0x21, 0x11, v4Addresses + [1, 0, 2, 104, 50, 2, 0, 1, 97, 4, 0, 0]),
            header("[::1]:1", "[::2]:2").bytes(
                ProxyProtocolOut(isBinary: true, options: .everything)), v2(0x20, 0, []),
        ]

    @Test("twenty thousand mutations break nothing", arguments: 1...4)
    func mutations(seed: UInt64) {
        checkMutations(of: Self.seeds, seed: seed)
    }
}
