import Shared
import Synchronization
import TestAuthority
import Testing

@testable import proxyd

/// Access, PROXY headers, TLS and routes of a listener change together.
@Suite("changes of a listener", .timeLimit(.untilHung))
struct ListenerTLSTests {
    private final class Reader: Sendable {
        let isOver = Atomic<Bool>(false)
        let seen = Mutex<Set<String>>([])
    }

    @Test("who reads while files are reloaded sees all of the old settings, or all of the new")
    func atOnce() throws {
        let authority = try TestAuthority()
        let names = ["one", "two"]
        let files = try names.map { name in
            let issued = try authority.issue(name)
            let header = name == "one" ? "require" : "never"
            return """
                services:
                - name: s
                  listen:
                  - address: "127.0.0.1:0"
                    tls: { certificates: [{ certificate: "\(issued.certificate)", key: "\(issued.key)" }] }
                    proxy-protocol: \(header)
                    access: [deny \(name == "one" ? "10.0.0.1" : "10.0.0.2")]
                    route: [{ first-bytes: ssh, service: \(name) }]
                  groups: [{ name: main, channels: ["127.0.0.1:1"] }]
                - { name: \(name), listen: ["127.0.0.1:0"], channels: ["127.0.0.1:1"] }
                """
        }
        let daemon = try FakeDaemon.running(files[0])
        let listener = try #require(daemon.topology.services.first?.listeners.first)
        let reader = Reader()
        let thread = try Thread(name: "reader") {
            var seen: Set<String> = []
            while !reader.isOver.load(ordering: .relaxed) {
                seen.insert(Self.words(listener.view))
            }
            reader.seen.withLock { $0 = seen }
        }
        defer { reader.isOver.store(true, ordering: .relaxed) }
        for number in 1...40 {
            daemon.fileContents = files[number % 2]
            guard case .ok = try daemon.reply(to: "reload") else { throw Missing("OK") }
        }
        #expect(daemon.topology.services.first?.listeners.first === listener)
        reader.isOver.store(true, ordering: .relaxed)
        thread.join()
        let seen = reader.seen.withLock { $0 }
        #expect(seen.isSubset(of: ["one one one one", "two two two two"]), "\(seen)")
        withExtendedLifetime(authority) {}
    }

    /// Which of the files each part is of.
    private static func words(_ view: ListenerView) -> String {
        let access = view.access?.denial(of: .ip(.v4(0x0A00_0001), port: 1)) == nil ? "two" : "one"
        let header = view.settings.proxyProtocol == .require ? "one" : "two"
        let tls =
            view.tls?.settings.certificates.first?.certificate.contains("/one") == true
            ? "one" : "two"
        guard
            case .target(.service(let target))? = view.routes?.decide(Array("SSH-".utf8), .other)
        else { return "\(access) \(header) \(tls) -" }
        return "\(access) \(header) \(tls) \(target.name)"
    }
}
