import Shared
import Synchronization
import TestAuthority
import Testing

@testable import proxyd

@Suite("Changes of TLS")
struct ListenerTLSTests {
    private final class Flag: Sendable {
        let isRaised = Atomic<Bool>(false)
    }

    @Test("who reads meanwhile sees the old settings with the old TLS, or the new with the new")
    func atOnce() async throws {
        let authority = try TestAuthority()
        let issued = try authority.issue("server", for: ["server.example"])
        let server = try TLSServer(
            TLSListenerConfiguration(certificates: [
                CertificateConfiguration(certificate: issued.certificate, key: issued.key)
            ]))
        let plain = ListenerConfiguration(name: "l", endpoint: .local(1))
        var guarded = plain
        guarded.settings.proxyProtocol = .require
        let listener = Listener(
            plain, in: "s", serial: 1, endpoint: .local(1), workerCount: 1)
        let isOver = Flag()
        async let mixtures = { [guarded] () -> Int in
            var count = 0
            while !isOver.isRaised.load(ordering: .relaxed) {
                let view = listener.view
                if (view.settings == guarded) != (view.tls != nil) { count += 1 }
            }
            return count
        }()
        for _ in 0..<5000 {
            listener.apply(guarded, tls: server)
            listener.apply(plain, tls: nil)
        }
        isOver.isRaised.store(true, ordering: .relaxed)
        let count = await mixtures
        #expect(count == 0)
        withExtendedLifetime(authority) {}
    }
}
