import Testing

@testable import proxyd

@Suite("First messages of TLS clients")
struct ClientHelloTests {
    private static let expected = ClientHello(
        serverName: "mail.example.com", alpn: [Array("h2".utf8), Array("http/1.1".utf8)])

    private static func hello(padding: Int = 0, recordSize: Int = 16_384) -> [UInt8] {
        HelloBytes.make(
            serverName: "Mail.Example.com", alpn: ["h2", "http/1.1"], padding: padding,
            recordSize: recordSize)
    }

    @Test(
        "in one record or in many, large or small, and nothing is said before it is all there",
        arguments: [(0, 16_384), (0, 1), (0, 3), (1800, 16_384), (1800, 500), (20_000, 16_384)])
    func records(padding: Int, recordSize: Int) {
        let bytes = Self.hello(padding: padding, recordSize: recordSize)
        #expect(ClientHello.read(bytes) == .complete(Self.expected))
        #expect(ClientHello.read(bytes + [0x17, 3, 3, 0, 1, 0]) == .complete(Self.expected))
        let step = max(1, bytes.count / 500)
        for count in stride(from: 0, to: bytes.count, by: step) {
            guard case .incomplete(let needs) = ClientHello.read(Array(bytes.prefix(count))) else {
                Issue.record("\(count) of \(bytes.count) bytes were enough")
                return
            }
            #expect(needs > count && needs <= bytes.count)
        }
    }

    @Test("a large one is looked at a few times, not with every packet")
    func looks() {
        let bytes = Self.hello(padding: 20_000)
        var count = 0
        var looks = 0
        while case .incomplete(let needs) = ClientHello.read(Array(bytes.prefix(count))) {
            count = needs
            looks += 1
        }
        #expect(looks <= 6)
    }

    @Test("no name, no protocols, no extensions")
    func bare() {
        #expect(ClientHello.read(HelloBytes.make()) == .complete(ClientHello()))
        let body =
            [3, 1] + Array(repeating: 9, count: 32) + [0] + HelloBytes.vector([0, 5], 2) + [1, 0]
        let old = HelloBytes.records([1] + HelloBytes.vector(body, 3), 16_384)
        #expect(ClientHello.read(old) == .complete(ClientHello()))
        #expect(
            ClientHello.read(HelloBytes.make(serverName: "example.com."))
                == .complete(ClientHello(serverName: "example.com")))
    }

    @Test(
        "what is something else",
        arguments: [
            "GET / HTTP/1.0\r\n", "SSH-2.0-x\r\n", "\u{16}\u{2}", "\u{15}\u{3}\u{1}\u{0}\u{2}",
        ])
    func other(text: String) {
        #expect(ClientHello.read(Array(text.utf8)) == .other)
    }

    @Test("another handshake message is not a hello")
    func otherMessage() {
        #expect(ClientHello.read([0x16, 3, 1, 0, 5, 2, 0, 0, 1, 0]) == .other)
    }

    @Test("what goes on as nothing we know")
    func malformed() {
        let good = Self.hello(recordSize: 100)
        var broken = good
        broken[105] = 0x17
        #expect(
            ClientHello.read(broken) == .malformed("its hello is broken off by another record"))
        #expect(
            ClientHello.read([0x16, 3, 1, 0, 0]) == .malformed("a record of its hello has 0 bytes"))
        #expect(
            ClientHello.read([0x16, 3, 1, 0x40, 1])
                == .malformed("a record of its hello has 16385 bytes"))
        #expect(
            ClientHello.read([0x16, 3, 1, 0x40, 0, 1, 0xFF, 0, 0])
                == .malformed("its hello has 16711680 bytes, more than 32000"))
        let cut = HelloBytes.records([1] + HelloBytes.vector([3, 3, 0], 3), 16_384)
        #expect(ClientHello.read(cut) == .malformed("its hello is cut off"))
        #expect(
            ClientHello.read(HelloBytes.make(serverName: "a b"))
                == .malformed("malformed server_name extension"))
        #expect(
            ClientHello.read(HelloBytes.make(serverName: ""))
                == .malformed("malformed server_name extension"))
    }

    static let seeds = [
        hello(), hello(recordSize: 7), HelloBytes.make(),
        HelloBytes.make(serverName: "x", padding: 300, recordSize: 64),
    ]

    @Test("twenty thousand mutations break nothing", arguments: 1...4)
    func mutations(seed: UInt64) {
        checkMutations(of: Self.seeds, seed: seed)
    }
}
