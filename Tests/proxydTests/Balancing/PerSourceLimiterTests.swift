import Shared
import Testing

@testable import proxyd

@Suite("Source ledger")
struct SourceLedgerTests {
    private static let now = Instant(nanoseconds: 5_000_000_000)

    private func client(_ text: String) throws -> Endpoint {
        .ip(try #require(IPAddress(text)), port: 4711)
    }

    @Test(
        "a source is the leading bits of an address",
        arguments: [
            ("192.0.2.1", "192.0.2.1", 32, 64, true), ("192.0.2.1", "192.0.2.2", 32, 64, false),
            ("192.0.2.1", "192.0.2.254", 24, 64, true), ("192.0.2.1", "192.0.3.1", 24, 64, false),
            ("192.0.2.1", "::ffff:192.0.2.1", 32, 128, true),
            ("10.0.0.1", "203.0.113.9", 0, 64, true),
            ("2001:db8::1", "2001:db8::ffff:1", 32, 64, true),
            ("2001:db8::1", "2001:db8:0:1::1", 32, 64, false),
            ("2001:db8:0:1::1", "2001:db8::1", 32, 48, true),
            ("2001:db8::1", "2001:db8::2", 32, 128, false),
            ("2001:db8::1", "2001:db8::2", 32, 127, false),
            ("2001:db8::2", "2001:db8::3", 32, 127, true), ("::", "ffff::", 32, 0, true),
            // No IPv4 address is the same as an IPv6 one, whatever its bits.
            ("0.0.0.0", "::", 0, 0, false),
        ] as [(String, String, Int, Int, Bool)])
    func prefixes(one: String, other: String, prefix4: Int, prefix6: Int, isSame: Bool) throws {
        let ledger = PerSourceLimiter(PerSource(max: 1, prefix4: prefix4, prefix6: prefix6))
        let sources = try [client(one), client(other)].map { ledger.source(of: $0) }
        #expect((sources[0] == sources[1]) == isSame)
    }

    @Test("so many sessions at once, and a place is given back once")
    func sessions() throws {
        let ledger = PerSourceLimiter(PerSource(max: 2))
        let one = ledger.source(of: try client("192.0.2.1"))
        let other = ledger.source(of: try client("192.0.2.2"))
        #expect(ledger.admit(one, now: Self.now) == .admitted)
        #expect(ledger.admit(one, now: Self.now) == .admitted)
        #expect(ledger.admit(one, now: Self.now) == .tooMany)
        #expect(ledger.admit(other, now: Self.now) == .admitted)
        ledger.release(one)
        #expect(ledger.admit(one, now: Self.now) == .admitted)
        #expect(ledger.admit(one, now: Self.now) == .tooMany)
        for source in [one, one, one, other] { ledger.release(source) }
        #expect(ledger.count == 0)
    }

    @Test("a rate of its own for each source")
    func rates() throws {
        let ledger = PerSourceLimiter(PerSource(rate: ConnectionRate(perSecond: 1, burst: 1)))
        let one = ledger.source(of: try client("192.0.2.1"))
        let other = ledger.source(of: try client("192.0.2.2"))
        #expect(ledger.admit(one, now: Self.now) == .admitted)
        #expect(ledger.admit(one, now: Self.now) == .tooFast)
        #expect(ledger.admit(other, now: Self.now) == .admitted)
        #expect(ledger.admit(one, now: Self.now.advanced(by: .seconds(1))) == .admitted)
    }

    @Test("sources that would be let in again are forgotten rather than kept without end")
    func bounded() {
        let ledger = PerSourceLimiter(PerSource(rate: ConnectionRate(perSecond: 1000, burst: 1)))
        for number in 0..<250_000 as Range<UInt32> {
            let time = Self.now.advanced(by: .milliseconds(Int(number)))
            let source = ledger.source(of: .ip(.v4(number), port: 1))
            #expect(ledger.admit(source, now: time) == .admitted)
            ledger.release(source)
        }
        #expect(ledger.count <= 100_000)
    }

    /// Each cost a look at all of them before.
    @Test(
        "a new source costs little when there are as many as are remembered, and none can be forgotten"
    )
    func full() {
        let ledger = PerSourceLimiter(PerSource(rate: ConnectionRate(perSecond: 0.001, burst: 1)))
        func admit(_ numbers: Range<UInt32>) {
            for number in numbers {
                let source = ledger.source(of: .ip(.v4(number), port: 1))
                #expect(ledger.admit(source, now: Self.now) == .admitted)
            }
        }
        admit(0..<100_000)
        let start = ContinuousClock.now
        admit(100_000..<120_000)
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(ledger.count == 100_000)
    }
}
