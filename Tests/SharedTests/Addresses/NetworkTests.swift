import Testing

@testable import Shared

@Suite("Networks")
struct NetworkTests {
    @Test(
        "contain the addresses that begin alike",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.77/31", "10.0.0.76", true), ("10.0.0.77/32", "10.0.0.76", false),
            ("0.0.0.0/0", "192.0.2.1", true), ("0.0.0.0/0", "2001:db8::1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.7", true), ("10.0.0.0/8", "::10.0.0.7", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::/65", "2001:db8::7fff:0:0:1", true),
            ("2001:db8::/65", "2001:db8::8000:0:0:1", false), ("::/0", "2001:db8::1", true),
            ("::1/128", "::1", true), ("::1/128", "::2", false), ("::/0", "10.0.0.1", false),
        ])
    func contains(text: String, address: String, isIn: Bool) throws {
        let network = try #require(Network(text))
        #expect(network.contains(try #require(IPAddress(address))) == isIn)
    }

    @Test(
        "are an address, a slash and a number of bits",
        arguments: [
            "", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/+8",
            "10.0.0.0/8/8", "mail/0/2", "0/2", "10.0.0.0/999",
        ])
    func mistakes(text: String) {
        #expect(Network(text) == nil)
    }
}
