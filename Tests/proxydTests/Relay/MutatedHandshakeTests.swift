import Glibc
import Shared
import TestAuthority
import Testing

@testable import proxyd

/// Handshakes with mistakes in them, thousands of them, against a real worker: each ends one session and no more.
@Suite("Mutated handshakes", .timeLimit(.untilHung))
struct MutatedHandshakeTests {
    private static let rounds = 2000

    @Test("nothing crashes, and everything is given back")
    func mutated() throws {
        let authority = try TestAuthority()
        let issued = try authority.issue("server")
        let door = try TestDoor.refusing()
        let tls = TLSListenerConfiguration(certificates: [
            CertificateConfiguration(certificate: issued.certificate, key: issued.key)
        ])
        let stand = try WorkerStand([door.endpoint], WorkerStand.Settings(tls: tls))
        var generator = SeededGenerator(seed: 1)
        let clients = try TLSVersions.Version.allCases.map { version in
            try TLSClient.trusting("server") {
                ($0.versions.least, $0.versions.most) = (version, version)
            }
        }
        var failures = 0
        for round in 0..<Self.rounds {
            // The first message is spoilt, or the second one, or what comes in the session.
            let spoilt = Int.random(in: 0...2, using: &generator)
            try Wire(stand, clients[round % clients.count]).talk(spoiling: spoilt) { bytes in
                spoil(&bytes, &generator)
            }
            // Who has agreed all the same finds no channel.
            if try stand.nextEnd().reason.who == .client { failures += 1 }
        }
        #expect(failures > Self.rounds / 2)
        #expect(stand.isEverythingBack)
        #expect(stand.service.listeners[0].tls?.handshakeCount == 0)
        #expect(try stand.report().sessions == 0)
        // And who makes none is served as ever.
        try door.open()
        let client = try TestTLS.client(stand.connect(), clients[0]).agree()
        try client.send("hello")
        #expect(try door.accept().receiveText(5) == "hello")
    }

    private func spoil(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 9))
            case 3:
                let more = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                bytes.insert(contentsOf: more, at: place)
            default: bytes.removeSubrange(place...)
            }
        }
    }

    /// A client whose bytes pass through the test's hands on their way.
    private struct Wire {
        private let client: TestTLS
        private let near: TestSocket
        private let far: TestSocket

        init(_ stand: WorkerStand, _ client: TLSClient) throws {
            let (own, near) = try TestSocket.pair(.unix)
            self.client = try .client(own, client)
            self.near = near
            far = try stand.connect()
        }

        /// Until one of them has enough.
        func talk(spoiling spoilt: Int, _ spoil: (inout [UInt8]) -> Void) throws {
            for flight in 0..<4 {
                let result = client.step()
                if result == .done { _ = client.tls.send(Array("hello".utf8)[...]) }
                var said = near.receiveSome()
                while case .bytes(var bytes) = said {
                    if flight == spoilt || result == .done && spoilt == 2 { spoil(&bytes) }
                    guard (try? far.send(bytes)) != nil else { return }
                    said = near.receiveSome()
                }
                if flight == spoilt { far.endWrites() }
                guard case .waits = result else {
                    far.endWrites()
                    return
                }
                guard case .bytes(let answer)? = try? far.receiveNext(), flight != spoilt else {
                    return
                }
                try near.send(answer)
            }
        }
    }
}
