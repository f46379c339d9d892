import Shared
import Testing

@testable import proxyd

@Suite("Channels that lead back")
struct OwnListenersTests {
    /// Listeners in the order of their serials, each with the services it leads to; services with their channels.
    private func leads(
        _ address: String, backTo serial: UInt64, _ listeners: [(String, [Int])],
        _ services: [[String]] = [], own: [String] = ["192.0.2.1", "2001:db8::1"]
    ) throws -> Bool {
        let places = try listeners.enumerated().map { index, listener in
            OwnListeners.Place(
                serial: UInt64(index), endpoint: try Endpoint(listener.0), services: listener.1)
        }
        let channels = try services.map { try $0.map { try Endpoint($0) } }
        return OwnListeners(places) { channels[$0] }
            .lead(from: try Endpoint(address), backTo: serial) { own.contains("\($0)") }
    }

    @Test(
        "an address is a listener's own, whichever way it is written",
        arguments: [
            ("127.0.0.1:80", "127.0.0.1:80", true), ("127.0.0.1:81", "127.0.0.1:80", false),
            ("127.0.0.2:80", "127.0.0.1:80", false), ("127.0.0.2:80", "0.0.0.0:80", true),
            ("192.0.2.1:80", "0.0.0.0:80", true), ("192.0.2.2:80", "0.0.0.0:80", false),
            ("0.0.0.0:80", "127.0.0.1:80", true), ("[::1]:80", "[::]:80", true),
            ("[::1]:80", "0.0.0.0:80", false), ("127.0.0.1:80", "[::]:80", false),
            ("[2001:db8::1]:80", "[::]:80", true), ("[2001:db8::2]:80", "[::]:80", false),
            ("[::ffff:127.0.0.1]:80", "0.0.0.0:80", true), ("/run/a", "/run/a", true),
            ("/run/a", "/run/b", false),
        ])
    func addresses(channel: String, listener: String, expected: Bool) throws {
        #expect(try leads(channel, backTo: 0, [(listener, [])]) == expected)
    }

    @Test("two services in a ring lead back, and one behind the other does not")
    func rings() throws {
        let listeners = [("127.0.0.1:1", [0]), ("127.0.0.1:2", [1])]
        let ring = [["127.0.0.1:2"], ["127.0.0.1:9", "127.0.0.1:1"]]
        #expect(try leads("127.0.0.1:2", backTo: 0, listeners, ring))
        #expect(try leads("127.0.0.1:1", backTo: 1, listeners, ring))
        #expect(try !leads("127.0.0.1:9", backTo: 1, listeners, ring))
        let chain = [["127.0.0.1:2"], ["127.0.0.1:9"]]
        #expect(try !leads("127.0.0.1:2", backTo: 0, listeners, chain))
    }

    @Test("a ring that a session only comes into is the next session's")
    func ringBeyond() throws {
        let listeners = [("127.0.0.1:1", [0]), ("127.0.0.1:2", [1])]
        let services = [["127.0.0.1:2"], ["127.0.0.1:2"]]
        #expect(try !leads("127.0.0.1:2", backTo: 0, listeners, services))
        #expect(try leads("127.0.0.1:2", backTo: 1, listeners, services))
    }

    // MARK: check

    private func loops(_ services: String) throws -> [ChannelLoop] {
        let configuration = try ConfigurationFile.parse(
            "services:\n\(services)", name: "f")
        return configuration.loops(
            addresses: { endpoint in
                guard case .name(_, let port) = endpoint else { return [endpoint] }
                return [.ip(.loopbackV4, port: port)]
            }, isOwn: { _ in false })
    }

    @Test("check finds what leads back, by name and by route too")
    func check() throws {
        let ring = """
            - { name: a, listen: ["0.0.0.0:8001"], channels: ["localhost:8002"] }
            - { name: b, listen: ["127.0.0.1:8002"], channels: ["10.0.0.1:1", "127.0.0.1:8001"] }
            - { name: c, listen: ["127.0.0.1:8003"], channels: ["127.0.0.1:8004"] }
            - { name: d, listen: ["127.0.0.1:8004"], channels: ["127.0.0.1:9"] }
            """
        #expect(try loops(ring).map(\.channel) == ["a/0/0", "b/0/1"])
        let route = """
            - name: a
              listen: [{ address: "127.0.0.1:8001", route: [{ first-bytes: ssh, service: b }] }]
              channels: ["127.0.0.1:9"]
            - { name: b, listen: ["127.0.0.1:8002"], channels: ["127.0.0.1:8001"] }
            """
        #expect(try loops(route).map(\.channel) == ["b/0/0"])
        #expect(try loops("- { listen: [\"127.0.0.1:0\"], channels: [\"127.0.0.1:9\"] }").isEmpty)
    }
}
