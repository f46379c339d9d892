import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Socket addresses and names")
struct SocketAddressTests {
    @Test(
        "what goes to the kernel comes back as it was",
        arguments: [
            "127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "192.0.2.1:1", "[::1]:443",
            "[::]:0", "[2001:db8:1:2:3:4:5:6]:65535", "[fe80::1%7]:25", "[::ffff:192.0.2.1]:9",
            "unix:/run/x.sock", "unix:/", "unix:/tmp/ü – 名.sock",
        ])
    func roundTrip(text: String) throws {
        let endpoint = try Endpoint(text)
        let address = try SocketAddress.of(endpoint)
        #expect(address.endpoint == endpoint)
        let copy = unsafe SocketAddress { raw, length in
            unsafe address.withRaw { source, count in
                guard let target = unsafe raw.__sockaddr__, let source = unsafe source.__sockaddr__
                else { return }
                unsafe UnsafeMutableRawPointer(target)
                    .copyMemory(from: source, byteCount: Int(count))
                unsafe length.pointee = count
            }
        }
        #expect(copy.endpoint == endpoint)
        #expect(copy.family == address.family)
    }

    @Test("an IPv6 address is read wherever it lies in memory")
    func anywhere() throws {
        let endpoint = try Endpoint("[2001:db8::25]:143")
        let addresses = try (0..<9).map { _ in try SocketAddress.of(endpoint) }
        #expect(addresses.map(\.endpoint) == Array(repeating: endpoint, count: 9))
    }

    @Test(
        "each family has its number and its length",
        arguments: [
            ("127.0.0.1:1", AF_INET, 16), ("[::1]:1", AF_INET6, 28), ("unix:/a", AF_UNIX, 5),
            ("unix:/abcdef", AF_UNIX, 10),
        ] as [(String, CInt, socklen_t)])
    func families(text: String, family: CInt, length: socklen_t) throws {
        let address = try SocketAddress.of(try Endpoint(text))
        #expect(address.family == family)
        #expect(address.length == length)
    }

    @Test("a name has no address before it is resolved, and a path past 107 bytes none at all")
    func none() {
        #expect(SocketAddress(.name("localhost", port: 1)) == nil)
        #expect(SocketAddress(.unix(path: String(repeating: "a", count: 107))) != nil)
        #expect(SocketAddress(.unix(path: String(repeating: "a", count: 108))) == nil)
        #expect(SocketAddress(.unix(path: String(repeating: "ü", count: 54))) == nil)
    }

    @Test("an address that nobody filled is none")
    func unfilled() {
        #expect(unsafe SocketAddress { _, _ in }.endpoint == nil)
    }

    @Test("a bound socket tells the port that the kernel chose", arguments: [AF_INET, AF_INET6])
    func local(family: CInt) throws {
        let door = try TestDoor(family: family)
        guard case .ip(let address, let port) = door.endpoint else { throw Missing("an address") }
        #expect(address == (family == AF_INET ? .loopbackV4 : .loopbackV6))
        #expect(port != 0)
    }

    @Test("an accepted client's address is the one it connected from")
    func accepted() throws {
        let door = try TestDoor()
        let descriptor = try Socket.open(family: AF_INET)
        guard case .inProgress = Socket.connect(descriptor, to: try .of(door.endpoint)) else {
            throw Missing("a connect under way")
        }
        guard Wait.poll(door.number, POLLIN) != nil else { throw Missing("a client") }
        let (number, address) = try #require(try Socket.accept(door.number))
        _ = close(number)
        #expect(address == Socket.localEndpoint(descriptor))
        #expect(try Socket.accept(door.number) == nil)
    }

    @Test("localhost is resolved, with the port it was asked with")
    func localhost() throws {
        let endpoint = try Resolver.resolve(.name("localhost", port: 8080))
        guard case .ip(let address, 8080) = endpoint else { throw Missing("got \(endpoint)") }
        #expect(address == .loopbackV4 || address == .loopbackV6)
    }

    @Test("an address is returned as it is", arguments: ["192.0.2.1:1", "[::1]:2", "unix:/x"])
    func asIs(text: String) throws {
        let endpoint = try Endpoint(text)
        #expect(try Resolver.resolve(endpoint) == endpoint)
    }

    @Test("a name under .invalid leads nowhere, in the resolver's words")
    func invalid() throws {
        let error = #expect(throws: Resolver.Failure.self) {
            try Resolver.resolve(.name("nobody.invalid", port: 1))
        }
        #expect(error?.words.isEmpty == false)
    }
}
