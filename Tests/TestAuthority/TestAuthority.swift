import Foundation
import TestProcess

/// An authority that a test makes on the spot, with a folder of its own: issues certificates, takes them back, and
/// says whether they are still good.
package final class TestAuthority: Sendable {
    package let folder: String
    private let parent: TestAuthority?

    package struct Failed: Error, CustomStringConvertible {
        package let description: String
    }

    package enum KeyKind: String, Sendable {
        case ec = "EC:P-256"
        case rsa = "RSA:2048"
        /// No program takes it any more.
        case weak = "RSA:1024"
    }

    /// Files, all PEM.
    package struct Issued: Sendable {
        /// With those between it and its authority.
        package let certificate: String
        package let key: String
        /// Certificate and key in one file.
        package let both: String
    }

    /// An authority of its own, or one that `parent` vouches for.
    package init(_ name: String = "Test Authority", below parent: TestAuthority? = nil) throws {
        var template = Array("/tmp/proxyd-authority-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw Failed(description: "mkdtemp: \(errno)")
        }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.parent = parent
        try write(Self.rules(folder), to: "rules")
        try write("", to: "index")
        try write("01\n", to: "number")
        try makeKey(.ec, passphrase: nil, to: "ca.key")
        if let parent {
            try openssl(["req", "-new", "-key", "ca.key", "-subj", "/CN=\(name)", "-out", "ca.csr"])
            try parent.openssl([
                "ca", "-batch", "-config", "rules", "-extensions", "authority", "-in",
                self("ca.csr"), "-out", self("ca.pem"), "-notext",
            ])
        } else {
            try openssl([
                "req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=\(name)", "-days", "400",
                "-config", "rules", "-extensions", "authority", "-out", "ca.pem",
            ])
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    package func callAsFunction(_ name: String) -> String { "\(folder)/\(name)" }

    /// Its own certificate.
    package var certificate: String { self("ca.pem") }

    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: self(name), atomically: false, encoding: .utf8)
        return self(name)
    }

    package func read(_ name: String) throws -> String { try read(path: self(name)) }

    package func read(path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    // MARK: Certificates

    /// `file` is what its files are called by, `names` its hosts and addresses, `subject` as openssl-req(1) takes it; it ends in so
    /// many `seconds`, or late enough.
    package func issue(
        _ file: String, for names: [String] = [], subject: String? = nil, key: KeyKind = .ec,
        passphrase: String? = nil, isExpired: Bool = false, seconds: Int? = nil
    ) throws -> Issued {
        try makeKey(key, passphrase: passphrase, to: "\(file).key")
        var request = [
            "req", "-new", "-key", "\(file).key", "-subj", subject ?? "/CN=\(file)", "-out",
            "\(file).csr",
        ]
        if let passphrase { request += ["-passin", "pass:\(passphrase)"] }
        if !names.isEmpty { request += ["-addext", "subjectAltName=\(Self.alternatives(names))"] }
        try openssl(request)
        var times = isExpired ? ["20200101000000Z", "20210101000000Z"] : []
        if let seconds { times = ["20200101000000Z", Self.time(seconds)] }
        try openssl(
            [
                "ca", "-batch", "-config", "rules", "-in", "\(file).csr", "-out", "\(file).leaf",
                "-notext",
            ] + (times.isEmpty ? [] : ["-startdate", times[0], "-enddate", times[1]]))
        return try bundle(file, "\(file).leaf")
    }

    /// In so many seconds, as openssl-ca(1) takes it.
    private static func time(_ seconds: Int) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "UTC")
        format.dateFormat = "yyyyMMddHHmmss'Z'"
        return format.string(from: Date(timeIntervalSinceNow: Double(seconds)))
    }

    /// One that nobody vouches for but itself.
    package func issueSelfSigned(_ file: String, for names: [String]) throws -> Issued {
        try makeKey(.ec, passphrase: nil, to: "\(file).key")
        try openssl([
            "req", "-x509", "-new", "-key", "\(file).key", "-subj", "/CN=\(file)", "-days", "30",
            "-addext", "subjectAltName=\(Self.alternatives(names))", "-out", "\(file).leaf",
        ])
        return try bundle(file, "\(file).leaf", isChained: false)
    }

    private func bundle(
        _ file: String, _ leaf: String, isChained: Bool = true
    ) throws -> Issued {
        var chain = try read(leaf)
        if isChained, parent != nil { chain += try read("ca.pem") }
        let certificate = try write(chain, to: "\(file).pem")
        let both = try write(chain + read("\(file).key"), to: "\(file).both")
        return Issued(certificate: certificate, key: self("\(file).key"), both: both)
    }

    private static func alternatives(_ names: [String]) -> String {
        names.map { name in
            let isAddress = name.contains(":") || name.allSatisfy { $0.isNumber || $0 == "." }
            return (isAddress ? "IP:" : "DNS:") + name
        }.joined(separator: ",")
    }

    private func makeKey(_ kind: KeyKind, passphrase: String?, to name: String) throws {
        let parts = kind.rawValue.split(separator: ":").map(String.init)
        let option = parts[0] == "EC" ? "ec_paramgen_curve" : "rsa_keygen_bits"
        let lock = passphrase.map { ["-aes-128-cbc", "-pass", "pass:\($0)"] } ?? []
        try openssl(
            ["genpkey", "-algorithm", parts[0], "-pkeyopt", "\(option):\(parts[1])", "-out", name]
                + lock)
    }

    // MARK: Taking them back

    package func revoke(_ issued: Issued) throws {
        try openssl(["ca", "-batch", "-config", "rules", "-revoke", issued.certificate])
    }

    /// The file with those that are revoked.
    package func revocations() throws -> String {
        try openssl(["ca", "-batch", "-config", "rules", "-gencrl", "-out", "crl.pem"])
        return self("crl.pem")
    }

    /// A file with its word of now on whether a certificate is good (OCSP, DER).
    package func staple(for certificate: String) throws -> String {
        let path = certificate + ".ocsp"
        try openssl([
            "ocsp", "-index", "index", "-rsigner", "ca.pem", "-rkey", "ca.key", "-CA", "ca.pem",
            "-issuer", "ca.pem", "-cert", certificate, "-respout", path, "-ndays", "7",
        ])
        return path
    }

    // MARK: openssl(1)

    /// Runs it in the folder; anything but success is an error.
    package func openssl(_ words: [String]) throws {
        let errors = self("errors-\(UInt64.random(in: 0...UInt64.max))")
        defer { try? FileManager.default.removeItem(atPath: errors) }
        let process = try ChildProcess(["openssl"] + words, in: folder, errors: .file(errors))
        guard process.waitForEnd() == 0 else {
            throw Failed(
                description: "openssl \(words.joined(separator: " ")): " + (try read(path: errors)))
        }
    }

    private static func rules(_ folder: String) -> String {
        """
        [ca]
        default_ca = own
        [own]
        database = \(folder)/index
        new_certs_dir = \(folder)
        serial = \(folder)/number
        certificate = \(folder)/ca.pem
        private_key = \(folder)/ca.key
        default_md = sha256
        default_days = 200
        default_crl_days = 30
        policy = any
        unique_subject = no
        copy_extensions = copy
        x509_extensions = leaf
        [any]
        countryName = optional
        organizationName = optional
        organizationalUnitName = optional
        commonName = optional
        [req]
        distinguished_name = name
        [name]
        [leaf]
        basicConstraints = critical, CA:FALSE
        keyUsage = critical, digitalSignature
        extendedKeyUsage = serverAuth, clientAuth
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        [authority]
        basicConstraints = critical, CA:TRUE
        keyUsage = critical, keyCertSign, cRLSign, digitalSignature
        subjectKeyIdentifier = hash

        """
    }
}
