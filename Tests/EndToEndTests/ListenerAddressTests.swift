import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Where a listener can stand, and where it can go while the daemon runs.
    @Suite("addresses of listeners")
    struct ListenerAddressTests {
        @Test("an address changes live to a wildcard that covers it, and back")
        func wildcards() throws {
            let port = try Program.freePort()
            let channel = try LocalChannel.echo()
            let service = """
                - { name: s, listen: [{ name: l, address: "0.0.0.0:\(port)" }], channels: ["\(channel.endpoint)"] }

                """
            try withDaemon(service) { daemon in
                for address in ["127.0.0.1", "0.0.0.0", "127.0.0.2", "[::1]", "[::]", "127.0.0.1"] {
                    _ = try daemon.ask("set listener s/l address \(address):\(port)")
                    let reached = address.replacing("0.0.0.0", with: "127.0.0.1")
                        .replacing("[::]", with: "[::1]")
                    // A worker may hold the old socket for a moment; its clients are lost with it.
                    try eventually("\(address) is served") {
                        guard
                            let client = try? Socket.connected(to: Endpoint("\(reached):\(port)")),
                            (try? client.send("x")) != nil
                        else { return false }
                        return (try? client.receive(exactly: 1)) == [0x78]
                    }
                }
                // The old address is given up.
                #expect(throws: SocketError.self) {
                    _ = try Socket.connected(to: .ip(.loopbackV6, port: port))
                }
            }
        }

        @Test("an abstract socket is listened on and connected to, and leaves no file")
        func abstract() throws {
            let channel = try LocalChannel.echo()
            let name = "@proxyd-\(UUID().uuidString)"
            let services = """
                - { listen: ["127.0.0.1:0"], channels: ["unix:\(name)"] }
                - { listen: ["unix:\(name)"], channels: ["\(channel.endpoint)"] }

                """
            try withDaemon(services) { daemon in
                let client = try daemon.client()
                try client.send("hello")
                #expect(try client.receive(exactly: 5) == Array("hello".utf8))
                #expect(try daemon.listeners().contains { "\($0)".contains(name) })
                #expect(!FileManager.default.fileExists(atPath: daemon.directory(name)))
            }
        }

        @Test(
            "a listener hears again when its interface was deleted and made anew",
            .enabled(if: Program.exist("ip", "socat") && NetworkNamespace.canBeMade))
        func interface() throws {
            let (one, other) = (try NetworkNamespace(), try NetworkNamespace())
            try one.connect(to: other)
            let channel = "127.0.0.1:9"
            let service = """
                - name: s
                  listen: [{ address: "0.0.0.0:2000", socket: { interface: tun0 } }]
                  channels: ["\(channel)"]

                """
            let daemon = try Daemon(service, prefix: one.prefix)
            try other.reach("10.99.0.1:2000")
            try Program.run(["ip", "-n", one.name, "link", "del", "tun0"])
            try one.connect(to: other)
            try daemon.waitForLine("interface tun0 was made anew")
            try other.reach("10.99.0.1:2000")
            try daemon.stop()
        }
    }
}

/// A network of a test's own (ip-netns(8)).
private final class NetworkNamespace {
    let name = "proxyd-\(UUID().uuidString.prefix(8))"

    static var canBeMade: Bool {
        getuid() == 0 && (try? Program.run(["unshare", "-n", "true"])) != nil
    }

    /// Runs a program in it.
    var prefix: [String] { ["ip", "netns", "exec", name] }

    init() throws {
        try Program.run(["ip", "netns", "add", name])
        try Program.run(["ip", "-n", name, "link", "set", "lo", "up"])
        Leftovers.add { [name] in _ = try? Program.run(["ip", "netns", "del", name]) }
    }

    /// A cable from tun0, 10.99.0.1, to peer0 in the other one.
    func connect(to other: NetworkNamespace) throws {
        let link = ["ip", "-n", name, "link"]
        try Program.run(
            link + ["add", "tun0", "type", "veth", "peer", "name", "peer0", "netns", other.name])
        try Program.run(["ip", "-n", name, "addr", "add", "10.99.0.1/24", "dev", "tun0"])
        try Program.run(["ip", "-n", other.name, "addr", "add", "10.99.0.2/24", "dev", "peer0"])
        try Program.run(link + ["set", "tun0", "up"])
        try Program.run(["ip", "-n", other.name, "link", "set", "peer0", "up"])
    }

    /// Connects from here; an error when that fails.
    func reach(_ address: String) throws {
        try Program.run(
            ["socat", "-u", "OPEN:/dev/null", "TCP:\(address),connect-timeout=5"], prefix: prefix)
    }
}
