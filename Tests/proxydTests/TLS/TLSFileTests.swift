import Glibc
import Shared
import TestAuthority
import Testing

@testable import proxyd

/// What is wrong with files is said with the file and a remedy, before anything is served.
@Suite("TLS files", .serialized, .timeLimit(.untilHung))
struct TLSFileTests {
    let authority: TestAuthority
    let good: TestAuthority.Issued

    init() throws {
        authority = try TestAuthority()
        good = try authority.issue("good", for: ["good.example"])
    }

    private func settings(
        _ certificate: String, key: String? = nil, _ passphrase: Passphrase? = nil
    ) -> TLSListenerConfiguration {
        var settings = TLSListenerConfiguration()
        settings.certificates = [
            CertificateConfiguration(certificate: certificate, key: key, passphrase: passphrase)
        ]
        return settings
    }

    private func mistake(_ settings: TLSListenerConfiguration) -> String? {
        do {
            _ = try TLSServer(settings)
            return nil
        } catch {
            return (error as? TLSError)?.message ?? "\(error)"
        }
    }

    private func mistake(_ change: (inout TLSListenerConfiguration) -> Void) -> String? {
        var settings = settings(good.certificate, key: good.key)
        change(&settings)
        return mistake(settings)
    }

    // MARK: Certificates

    @Test("a certificate with its key is taken, from one file and from two")
    func pairs() {
        #expect(mistake(settings(good.certificate, key: good.key)) == nil)
        #expect(mistake(settings(good.both)) == nil)
    }

    @Test("what is wrong with a certificate")
    func certificates() throws {
        let none = authority("none.pem")
        #expect(
            mistake(settings(none, key: good.key)) == "certificate \(none): there is no such file")
        let empty = try authority.write("", to: "empty")
        #expect(mistake(settings(empty)) == "certificate \(empty): the file is empty")
        let text = try authority.write("hello\n", to: "text")
        #expect(mistake(settings(text)) == "certificate \(text): no certificate in it")
        #expect(
            mistake(settings(good.key)) == "certificate \(good.key): no certificate in it")
        let lines = try authority.read("good.pem").split(separator: "\n")
        let cut = try authority.write(
            lines.dropLast(3).joined(separator: "\n") + "\n" + lines[lines.count - 1] + "\n",
            to: "cut")
        let broken = "one of its certificates is broken, or too weak"
        #expect(mistake(settings(cut, key: good.key)) == "certificate \(cut): \(broken)")
        // A good one first does not make up for what follows.
        let second = try authority.write(
            try authority.read("good.pem") + authority.read("cut"), to: "second")
        #expect(mistake(settings(second, key: good.key)) == "certificate \(second): \(broken)")
        let weak = try authority.issue("weak", for: ["weak.example"], key: .weak)
        #expect(
            mistake(settings(weak.certificate, key: weak.key))
                == "certificate \(weak.certificate): \(broken)")
        let folder = authority.folder
        #expect(mistake(settings(folder))?.hasPrefix("certificate \(folder): ") == true)
    }

    // MARK: Keys

    @Test("what is wrong with a key")
    func keys() throws {
        let certificate = good.certificate
        #expect(
            mistake(settings(certificate))
                == "key \(certificate): no private key in it; name the file that has it (key)")
        #expect(
            mistake(settings(certificate, key: authority("none.key")))
                == "key \(authority("none.key")): there is no such file")
        let text = try authority.write("hello\n", to: "text")
        #expect(
            mistake(settings(certificate, key: text)) == "key \(text): no private key in it")
        let other = try authority.issue("other")
        #expect(
            mistake(settings(certificate, key: other.key))
                == "key \(other.key): it is not the key of the certificate \(certificate)")
        let lines = try authority.read("good.key").split(separator: "\n")
        let cut = try authority.write(
            "\(lines[0])\n\(lines[1].dropLast(8))\n\(lines[lines.count - 1])\n", to: "cut.key")
        #expect(
            mistake(settings(certificate, key: cut))
                == "key \(cut): it is broken, or of a kind that OpenSSL does not know")
    }

    @Test("a key that is locked takes its passphrase, from wherever it is told to come")
    func passphrases() throws {
        let locked = try authority.issue("locked", passphrase: "open sesame")
        func mistake(_ passphrase: Passphrase?) -> String? {
            self.mistake(settings(locked.certificate, key: locked.key, passphrase))
        }
        #expect(
            mistake(nil)
                == "key \(locked.key): it is encrypted; say the passphrase (passphrase-file, passphrase-env or passphrase)"
        )
        let wrong = "key \(locked.key): the passphrase is wrong"
        #expect(mistake(.text(Secret("open barley"))) == wrong)
        #expect(mistake(.text(Secret(""))) == wrong)
        #expect(mistake(.text(Secret(String(repeating: "x", count: 4000)))) == wrong)
        #expect(mistake(.text(Secret("open sesame"))) == nil)
        // What stands in the lines below it is nobody's business.
        let file = try authority.write("open sesame\nsecond line\n", to: "passphrase")
        #expect(mistake(.file(file)) == nil)
        let dos = try authority.write("open sesame\r\n", to: "dos")
        #expect(mistake(.file(dos)) == nil)
        let bad = try authority.write("open barley\n", to: "bad")
        #expect(mistake(.file(bad)) == wrong)
        #expect(
            mistake(.file(authority("none")))
                == "passphrase-file \(authority("none")): there is no such file")
        // A variable that shells set, as to set one ourselves would disturb whoever reads others now.
        let level = try #require(ProcessEnvironment.value(of: "SHLVL"))
        let told = try authority.issue("told", passphrase: level)
        #expect(
            self.mistake(settings(told.certificate, key: told.key, .environment("SHLVL"))) == nil)
        #expect(mistake(.environment("SHLVL")) == wrong)
        #expect(
            mistake(.environment("PROXYD_TEST_NO_PASSPHRASE"))
                == "passphrase-env: the environment has no variable PROXYD_TEST_NO_PASSPHRASE")
    }

    @Test("keys as older programs write them are taken, locked and open")
    func traditional() throws {
        let key = try authority.issue("old").key
        let certificate = authority("old.pem")
        try authority.openssl(["ec", "-in", key, "-out", "open.key"])
        #expect(mistake(settings(certificate, key: authority("open.key"))) == nil)
        try authority.openssl([
            "ec", "-in", key, "-out", "locked.key", "-aes256", "-passout", "pass:sesame",
        ])
        let locked = authority("locked.key")
        #expect(
            mistake(settings(certificate, key: locked))?.contains("it is encrypted") == true)
        #expect(
            mistake(settings(certificate, key: locked, .text(Secret("barley"))))
                == "key \(locked): the passphrase is wrong")
        #expect(mistake(settings(certificate, key: locked, .text(Secret("sesame")))) == nil)
    }

    // MARK: What else there is

    @Test("what is wrong with authorities, lists of the revoked, staples, ciphers and curves")
    func rest() throws {
        let text = try authority.write("hello\n", to: "text")
        #expect(
            mistake { $0.clientCA = text }
                == "client-ca \(text): no certificate in it, or a broken one")
        #expect(
            mistake { $0.clientCA = authority("none") }
                == "client-ca \(authority("none")): there is no such file")
        #expect(
            mistake { $0.revoked = good.certificate }
                == "crl \(good.certificate): no list of revoked certificates in it, or a broken one"
        )
        #expect(mistake { $0.revoked = try? authority.revocations() } == nil)
        #expect(
            mistake { $0.certificates[0].staple = text }
                == "staple \(text): no OCSP response in it (DER)")
        #expect(
            mistake { $0.ciphers.ciphers = "NOBODY" } == "ciphers: OpenSSL knows none of them")
        #expect(
            mistake { $0.ciphers.suites = "TLS_NOBODY" }
                == "ciphersuites: OpenSSL does not know all of them")
        #expect(
            mistake { $0.ciphers.curves = "X25519:nobody" }
                == "curves: OpenSSL does not know all of them")
    }

    @Test("a channel's files are judged alike")
    func channels() throws {
        func mistake(
            host: String? = "h", _ change: (inout TLSChannelConfiguration) -> Void
        ) -> String? {
            var settings = TLSChannelConfiguration()
            change(&settings)
            do {
                _ = try TLSClient(settings, host: host)
                return nil
            } catch {
                return (error as? TLSError)?.message ?? "\(error)"
            }
        }
        #expect(mistake { _ in } == nil)
        let none = authority("none")
        #expect(mistake { $0.ca = none } == "ca \(none): there is no such file")
        #expect(
            mistake { $0.ca = good.key } == "ca \(good.key): no certificate in it, or a broken one")
        #expect(
            mistake {
                $0.certificate = CertificateConfiguration(
                    certificate: good.certificate, key: authority("ca.key"))
            }
                == "key \(authority("ca.key")): it is not the key of the certificate \(good.certificate)"
        )
        #expect(
            mistake(host: nil) { _ in }
                == "a Unix socket has no name to verify; say which its certificate is for (name)")
        #expect(mistake(host: nil) { $0.name = "good.example" } == nil)
        #expect(mistake(host: nil) { $0.verifies = false } == nil)
    }

    // MARK: Digest

    @Test("a file that was renewed is seen, and one that was only written again is not")
    func digests() throws {
        let settings = settings(good.certificate, key: good.key)
        let before = try TLSFiles(of: settings).digest
        try authority.write(authority.read("good.pem"), to: "good.pem")
        #expect(try TLSFiles(of: settings).digest == before)
        _ = try authority.issue("good", for: ["good.example"])
        #expect(try TLSFiles(of: settings).digest != before)
    }

    @Test("no secret is ever printed")
    func secrets() throws {
        let secret = Secret("open sesame")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(settings(good.certificate, key: good.key, .text(secret)), to: &dumped)
        let all =
            "\(secret) \(String(reflecting: secret)) \(Passphrase.text(secret)) "
            + "\(settings(good.certificate, key: nil, .text(secret))) \(dumped)"
            + "\(Mirror(reflecting: secret).children.map { "\($0)" })"
        #expect(!all.contains("sesame"))
        #expect("\(secret)" == "(hidden)")
    }
}
