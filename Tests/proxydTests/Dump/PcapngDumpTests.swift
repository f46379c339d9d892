import Shared
import Testing

@testable import proxyd

@Suite("Dumps as packets")
struct PcapngDumpTests {
    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.filter { !$0.isWhitespace }
        return stride(from: 0, to: digits.count, by: 2).compactMap { place in
            let start = digits.index(digits.startIndex, offsetBy: place)
            return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
        }
    }

    @Test("an IPv4 segment, with the checksums that the kernel computes")
    func v4() {
        let packet = TCPPacket(
            source: PacketEnd(address: .loopbackV4, port: 51_022),
            destination: PacketEnd(address: .loopbackV4, port: 80), sequence: 1,
            acknowledgement: 2, flags: [.push, .acknowledge], payload: [0x61, 0x62, 0x63])
        #expect(
            packet.bytes
                == Self.bytes(
                    """
                    4500002b 00004000 40063ccb 7f000001 7f000001
                    c74e0050 00000001 00000002 5018ffff 25c3 0000 616263
                    """))
    }

    @Test("an IPv6 segment; a sum over everything with the pseudo-header folds to zero")
    func v6() {
        let packet = TCPPacket(
            source: PacketEnd(address: .loopbackV6, port: 1),
            destination: PacketEnd(address: .v6(high: 7, low: 9, scope: 0), port: 2),
            sequence: .max, acknowledgement: 0, flags: .syn)
        let bytes = packet.bytes
        #expect(bytes.count == 60)
        #expect(bytes.prefix(8) == Self.bytes("60000000 0014 06 40")[...])
        var sum = 6 + 20
        for index in stride(from: 8, to: bytes.count, by: 2) {
            sum += Int(bytes[index]) << 8 + Int(bytes[index + 1])
        }
        while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
        #expect(sum == 0xFFFF)
    }

    @Test("blocks are as the format has them, little-endian and padded")
    func blocks() {
        #expect(
            PcapngBlock.interface(named: "client", description: "x")
                == Self.bytes(
                    """
                    01000000 34000000 6500 0000 00000000
                    0200 0600 636c69656e74 0000 0300 0100 78000000 0900 0100 09000000 00000000
                    34000000
                    """))
        #expect(
            PcapngBlock.packet(on: 1, at: 0x1_0000_0002, [1, 2, 3], comment: "no")
                == Self.bytes(
                    """
                    06000000 30000000 01000000 01000000 02000000 03000000 03000000 01020300
                    0100 0200 6e6f0000 00000000 30000000
                    """))
    }

    /// Flags, sequence, acknowledgement and length of each packet, by its interface.
    private func story(_ events: [TapRecord.Event]) -> [String] {
        var dump = PcapngDump(wallOffset: 0)
        return events.flatMap { event in
            dump.blocks(for: TapRecord(id: 7, seen: .zero, event: event)).map(Self.summary)
        }
    }

    private static func summary(_ block: [UInt8]) -> String {
        func number(_ place: Int) -> UInt32 {
            block[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        guard block[0] == 6 else { return "statistics" }
        let flags = block[28 + 33]
        let names: [(UInt8, String)] = [(2, "S"), (1, "F"), (4, "R"), (8, "P"), (16, "A")]
        let text = names.filter { flags & $0.0 != 0 }.map(\.1).joined()
        let length = Int(block[30]) << 8 + Int(block[31]) - 40
        let direction = block[28 + 20] == 0x9C ? "→" : "←"
        return "\(block[8])\(direction)\(text) \(number(28 + 24)) \(number(28 + 28)) +\(length)"
    }

    private static let began = TapRecord.Event.began(
        TapFacts(
            client: .local(40_000), accepted: .local(80), connecting: .local(40_001),
            channel: .local(9), channelPath: "mail/0/1", inBytes: 0, outBytes: 0,
            isFromStart: true))

    @Test("a whole session: connects, bytes, ends")
    func whole() {
        let story = story([
            Self.began, .moved(.client, [1, 2, 3]), .moved(.channel, [4]), .ended(.client),
            .ended(.channel), .closed(.done, .neither),
        ])
        #expect(
            story == [
                "0→S 0 0 +0", "0←SA 0 1 +0", "0→A 1 1 +0",
                "1→S 0 0 +0", "1←SA 0 1 +0", "1→A 1 1 +0",
                "0→PA 1 1 +3", "0←A 1 4 +0", "1→PA 1 1 +3", "1←A 1 4 +0",
                "1←PA 1 4 +1", "1→A 4 2 +0", "0←PA 1 4 +1", "0→A 4 2 +0",
                "0→FA 4 2 +0", "0←A 2 5 +0", "1→FA 4 2 +0", "1←A 2 5 +0",
                "1←FA 2 5 +0", "1→A 5 3 +0", "0←FA 2 5 +0", "0→A 5 3 +0",
            ])
    }

    @Test("a session that was running begins where it was; no segment is larger than a window")
    func running() {
        guard case .began(var facts) = Self.began else { return }
        (facts.inBytes, facts.outBytes, facts.isFromStart) = (100, 1 << 32 + 50, false)
        let story = story([
            .began(facts), .moved(.client, Array(repeating: 0, count: 40_000)),
            .gap(.client, byteCount: 1000, moves: 1), .moved(.client, [0]),
        ])
        #expect(
            story == [
                "0→PA 101 51 +32768", "0←A 51 32869 +0", "0→PA 32869 51 +7232", "0←A 51 40101 +0",
                "1→PA 101 51 +32768", "1←A 51 32869 +0", "1→PA 32869 51 +7232", "1←A 51 40101 +0",
                "statistics", "statistics",
                "0→PA 41101 51 +1", "0←A 51 41102 +0", "1→PA 41101 51 +1", "1←A 51 41102 +0",
            ])
    }

    @Test("a gap of gigabytes still reads as a gap, and says how large it really was")
    func widest() {
        let story = story([
            Self.began, .gap(.client, byteCount: 3 << 30, moves: 9), .moved(.client, [0]),
        ])
        #expect(story[8] == "0→PA \((1 << 30) + 1) 1 +1")
    }

    @Test(
        "how a session ended shows on both legs",
        arguments: [
            (.client, .reset, .channel, ["0→RA 1 1 +0", "1→RA 1 1 +0"]),
            (.channel, .reset, .client, ["0←RA 1 1 +0", "1←RA 1 1 +0"]),
            (.operator, .cut, .both, ["0←RA 1 1 +0", "1→RA 1 1 +0"]),
            (
                .clientIdle, .timeout, .neither,
                ["0←FA 1 1 +0", "0→A 1 2 +0", "1→FA 1 1 +0", "1←A 1 2 +0"]
            ),
        ] as [(EndReason.Who, EndReason.Cause, SessionLife.Resets, [String])])
    func ends(
        who: EndReason.Who, cause: EndReason.Cause, resets: SessionLife.Resets, expected: [String]
    ) {
        let reason = EndReason(who: who, when: .data, cause: cause)
        #expect(Array(story([Self.began, .closed(reason, resets)]).dropFirst(6)) == expected)
    }

    @Test("Unix sockets get addresses of their own, others for each leg")
    func unix() {
        guard case .began(var facts) = Self.began else { return }
        (facts.client, facts.accepted) = (.unix(path: ""), .unix(path: "/run/l"))
        (facts.connecting, facts.channel) = (.unix(path: ""), .unix(path: "/run/c"))
        var dump = PcapngDump(wallOffset: 0)
        let blocks = dump.blocks(for: TapRecord(id: 7, seen: .zero, event: .began(facts)))
        #expect(blocks.count == 6)
        #expect(blocks[0][40..<48] == Self.bytes("c0000201 c0000202")[...])
        #expect(blocks[3][40..<48] == Self.bytes("c0000203 c0000204")[...])
        for block in [blocks[0], blocks[3]] {
            #expect(String(decoding: block, as: UTF8.self).contains("addresses are made up"))
        }
    }

    @Test("a session that never had a channel has no packets")
    func none() { #expect(story([.closed(.done, .neither)]).isEmpty) }
}
