import Glibc
import Shared
import TestAuthority
import Testing

@testable import proxyd

/// What is read again, and what stays the object that it was.
@Suite("TLS material", .serialized, .timeLimit(.untilHung))
struct TLSMaterialTests {
    let authority: TestAuthority
    var configuration = Configuration()

    init() throws {
        authority = try TestAuthority()
        _ = try authority.issue("one")
        _ = try authority.issue("two")
        func listener(_ name: String) -> ListenerConfiguration {
            var listener = ListenerConfiguration(
                name: name, endpoint: .ip(.loopbackV4, port: 0))
            listener.tls = TLSListenerConfiguration(
                certificates: [CertificateConfiguration(certificate: authority("\(name).both"))])
            return listener
        }
        func channel(_ name: String, _ tls: TLSChannelConfiguration?) -> ChannelConfiguration {
            ChannelConfiguration(name: name, endpoint: .ip(.loopbackV4, port: 1), tls: tls)
        }
        configuration.services = [
            ServiceConfiguration(
                name: "s", listeners: [listener("one"), listener("two")],
                groups: [
                    GroupConfiguration(
                        name: "g",
                        channels: [
                            channel("tls", TLSChannelConfiguration(ca: authority.certificate)),
                            channel("plain", nil),
                        ])
                ])
        ]
    }

    private func material(
        _ configuration: Configuration? = nil, after old: TLSMaterial = TLSMaterial(),
        rereads: Bool = true
    ) throws(StartError) -> TLSMaterial {
        try TLSMaterial(configuration ?? self.configuration, after: old, rereads: rereads)
    }

    @Test("files are read for what is new, what has changed, and a reload, and for nothing else")
    func reads() throws {
        let old = try material()
        func reads(_ configuration: Configuration, rereads: Bool = false) -> Bool {
            TLSMaterial.readsFiles(configuration, after: old, rereads: rereads)
        }
        #expect(!reads(configuration))
        #expect(reads(configuration, rereads: true))
        #expect(!reads(Configuration(), rereads: true))
        var changed = configuration
        changed.services[0].groups[0].channels[1].tls = TLSChannelConfiguration()
        #expect(reads(changed))
        changed = configuration
        changed.services[0].listeners[1].tls = configuration.services[0].listeners[0].tls
        #expect(reads(changed))
        changed = configuration
        changed.services[0].listeners.removeLast()
        #expect(!reads(changed))
    }

    @Test("certificates of ours that end soon, or have ended, are told; channels' are not ours")
    func endings() throws {
        let material = try material()
        let end = try #require(material.servers["s/one"]?.notAfter)
        let day: Int64 = 86_400
        #expect(material.endings(at: end - 15 * day).isEmpty)
        // The second one was made a moment after the first, perhaps on the next day.
        let name = CalendarTime(seconds: end).isoDate
        #expect(
            material.endings(at: end - 5 * day - 1).first
                == "listener s/one: a certificate ends on \(name), in 5 days; renew it, and reload")
        let ended = material.endings(at: end)
        #expect(
            ended.first
                == "listener s/one: a certificate has ended on \(name); renew it, and reload")
        #expect(ended.map { $0.prefix { $0 != ":" } } == ["listener s/one", "listener s/two"])
    }

    @Test("what has not changed is the same object, and what has is named")
    func changes() throws {
        let first = try material()
        #expect(first.servers.keys.sorted() == ["s/one", "s/two"])
        #expect(first.clients.keys.sorted() == ["s/g/tls"])
        #expect(
            first.changes(after: TLSMaterial()) == ["s/one", "s/two", "s/g/tls"])
        let same = try material(after: first)
        #expect(same.changes(after: first).isEmpty)
        _ = try authority.issue("two")
        // Nobody has asked for the files.
        #expect(try material(after: first, rereads: false).changes(after: first).isEmpty)
        let renewed = try material(after: first)
        #expect(renewed.changes(after: first) == ["s/two"])
        #expect(renewed.servers["s/one"] === first.servers["s/one"])
        // A setting that has changed is taken without being asked, and it alone.
        var other = configuration
        other.services[0].listeners[0].tls?.maxHandshakes = 7
        let set = try material(other, after: renewed, rereads: false)
        #expect(set.changes(after: renewed) == ["s/one"])
        other.services[0].groups[0].channels[0].tls = nil
        #expect(try material(other, after: set).clients.isEmpty)
    }

    @Test("a broken file is a mistake that says whose it is, and changes nothing")
    func broken() throws {
        let first = try material()
        try authority.write("nothing\n", to: "two.both")
        let path = authority("two.both")
        do {
            _ = try material(after: first)
            Issue.record("it was taken")
        } catch {
            #expect(error.message == "listener s/two: certificate \(path): no certificate in it")
            #expect(error.code == .configuration)
        }
        try authority.write("", to: "ca.pem")
        _ = try authority.write(authority.read("one.both"), to: "two.both")
        do {
            _ = try material()
            Issue.record("it was taken")
        } catch {
            let words = "channel s/g/tls: ca \(authority.certificate): the file is empty"
            #expect(error.message == words)
        }
    }

    @Test(
        "a file that may not be read again stays in use as it was",
        .enabled(if: geteuid() != 0, "root may read everything"))
    func forbidden() throws {
        let first = try material()
        _ = unsafe chmod(authority("two.both"), 0)
        let again = try material(after: first)
        #expect(again.changes(after: first).isEmpty)
        #expect(again.kept.count == 1)
        #expect(again.kept[0].hasPrefix("listener s/two: certificate "))
        #expect(throws: StartError.self) { try material() }
    }

    @Test("probes that speak TLS have it where their channel does not")
    func probes() throws {
        var configuration = configuration
        var probe = ProbeConfiguration(check: .tls)
        configuration.services[0].groups[0].channels[1].probes.probes = [probe]
        #expect(try material(configuration).probes.keys.sorted() == ["s/g/plain"])
        probe = ProbeConfiguration(check: .connect)
        configuration.services[0].groups[0].channels[1].probes.probes = [probe]
        #expect(try material(configuration).probes.isEmpty)
    }
}
