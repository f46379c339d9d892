import Testing

@testable import Shared

@Suite("IP addresses")
struct IPAddressTests {
    @Test(
        "text is read and written in the form of RFC 5952",
        arguments: [
            ("0.0.0.0", "0.0.0.0"), ("192.0.2.1", "192.0.2.1"),
            ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
            // §4.1: no leading zeros. §4.3: lower case.
            ("2001:0db8::0001", "2001:db8::1"), ("2001:DB8::ABCD", "2001:db8::abcd"),
            // §4.2.1: as short as it gets. §4.2.2: never for one group.
            ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            // §4.2.3: the longest run, the first of equals.
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("0:0:0:0:0:0:0:0", "::"), ("1:0:0:0:0:0:0:0", "1::"),
            // §5: IPv4-mapped addresses end in dots.
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("::ffff:c000:201", "::ffff:192.0.2.1"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("fe80::1%3", "fe80::1%3"),
            ("fe80::1%0", "fe80::1"),
        ])
    func readsAndWrites(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test(
        "what is not an address is refused",
        arguments: [
            "", ".", ":", ":::", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.+4",
            "1.2.3.-4", "1..3.4", " 1.2.3.4", "1.2.3.4 ", "1::2::3", "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "::+1", "::-0", "::1%",
            "::1%eth0", "::1%+2", "::1%-0", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1.2.3.4::",
            "::1.2.3.4:5", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "::١", "1.2.3.４",
        ])
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("halves are in network order")
    func order() {
        #expect(
            IPAddress("1:2:3:4:5:6:7:8")
                == .v6(
                    high: 0x0001_0002_0003_0004, low: 0x0005_0006_0007_0008, scope: 0))
        #expect(IPAddress("127.0.0.1") == .loopbackV4)
        #expect(IPAddress("::1") == .loopbackV6)
    }
}
