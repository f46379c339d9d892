import Shared
import Testing

@testable import proxyd

@Suite("Access lists")
struct AccessListTests {
    private func rules(_ lines: String...) throws -> [AccessRule] {
        try lines.map { try AccessLine.rule($0) }
    }

    private static func client(_ text: String) throws -> Endpoint {
        if text == "unix" { return .unix(path: "") }
        return .ip(try #require(IPAddress(text)), port: 4711)
    }

    @Test(
        "the first rule that fits decides, and whom none fits may come in",
        arguments: [
            ("10.1.2.3", nil), ("10.9.0.1", 2), ("192.0.2.7", 3), ("192.0.2.8", nil),
            ("::ffff:10.9.0.1", 2), ("2001:db8::1", 4), ("2001:db9::1", nil), ("unix", nil),
        ] as [(String, Int?)])
    func first(client: String, rule: Int?) throws {
        let list = try #require(
            AccessList(
                try rules(
                    "allow 10.1.0.0/16", "deny 10.0.0.0/8 reset", "deny 192.0.2.7 tarpit 3s",
                    "deny 2001:db8::/32 drop", "allow unix")))
        #expect(list.denial(of: try Self.client(client))?.rule == rule)
    }

    @Test("“deny all” at the end turns whoever is not named away, Unix clients too")
    func denyAll() throws {
        let list = try #require(AccessList(try rules("allow 10.0.0.0/8", "deny all")))
        #expect(list.denial(of: try Self.client("10.0.0.1")) == nil)
        #expect(list.denial(of: try Self.client("11.0.0.1"))?.action == .close)
        #expect(list.denial(of: try Self.client("::1"))?.rule == 2)
        #expect(list.denial(of: try Self.client("unix"))?.rule == 2)
        #expect(list.words(of: .init(rule: 1, action: .close)) == "allow 10.0.0.0/8")
        #expect(AccessList([]) == nil)
    }

    @Test("ranges hold exactly the addresses that their networks hold", arguments: 0..<20)
    func ranges(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func address(_ isV4: Bool) -> IPAddress {
            // Few bits differ, so that networks touch, overlap and lie within each other.
            let number = UInt64.random(in: 0..<1024, using: &generator)
            return isV4
                ? .v4(0x0A00_0000 | UInt32(number) << 2)
                : .v6(high: 0x2001_0DB8_0000_0000 | number << 3, low: number << 60, scope: 0)
        }
        let networks = try (0..<40).map { _ in
            let isV4 = Bool.random(using: &generator)
            let bits =
                isV4
                ? Int.random(in: 18...32, using: &generator)
                : Int.random(in: 48...128, using: &generator)
            return try #require(Network("\(address(isV4))/\(bits)"))
        }
        let ranges = AddressRanges(networks)
        for _ in 0..<500 {
            let probe = address(.random(using: &generator))
            #expect(ranges.contains(probe) == networks.contains { $0.contains(probe) })
        }
    }

    @Test(
        "the ends of the address space are in the networks that have them",
        arguments: [
            ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "0.0.0.0", true),
            ("255.255.255.255/32", "255.255.255.255", true), ("::/0", "ffff::", true),
            ("::/0", "10.0.0.1", false), ("0.0.0.0/0", "::1", false),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "::", false),
        ])
    func ends(network: String, address: String, isIn: Bool) throws {
        let ranges = AddressRanges([try #require(Network(network))])
        #expect(ranges.contains(try #require(IPAddress(address))) == isIn)
    }
}

@Suite("Reports of denials")
struct DenialReportTests {
    @Test("some are told, then none until the time is over, and then how many there were")
    func some() {
        var report = DenialReport()
        let start = Instant(nanoseconds: 1_000_000_000)
        for _ in 0..<DenialReport.mostPerWindow { #expect(report.admit(now: start) == 0) }
        for _ in 0..<1000 { #expect(report.admit(now: start) == nil) }
        let later = start.advanced(by: DenialReport.window)
        #expect(report.admit(now: later) == 1000)
        #expect(report.admit(now: later) == 0)
    }
}
