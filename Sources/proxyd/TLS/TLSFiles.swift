internal import COpenSSL
internal import Shared

/// The files behind one listener's or channel's TLS, as they were when they were read; wiped once they are used.
struct TLSFiles {
    private var files: [String: [UInt8]] = [:]
    private var passphrases: [String: String] = [:]
    /// Of all of it, to see whether anything has changed.
    private(set) var digest: [UInt8] = []

    /// The system's authorities fit several times.
    static let mostBytes = 4 << 20

    init(of listener: TLSListenerConfiguration) throws(TLSError) {
        for certificate in listener.certificates { try read(certificate) }
        if let path = listener.clientCA { try read(path, "client-ca") }
        if let path = listener.revoked { try read(path, "crl") }
        digest = sum
    }

    init(of channel: TLSChannelConfiguration) throws(TLSError) {
        if let certificate = channel.certificate { try read(certificate) }
        if let path = channel.ca { try read(path, "ca") }
        if let path = channel.revoked { try read(path, "crl") }
        digest = sum
    }

    /// What a path of the configuration holds.
    subscript(path: String) -> [UInt8] { files[path] ?? [] }

    func passphrase(of certificate: CertificateConfiguration) -> String? {
        passphrases[certificate.keyPath]
    }

    /// Erases keys from memory once they are not needed any more.
    mutating func wipe() {
        for path in Array(files.keys) {
            var bytes = files.removeValue(forKey: path) ?? []
            unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
        }
        passphrases = [:]
    }

    // MARK: Reading

    private mutating func read(_ certificate: CertificateConfiguration) throws(TLSError) {
        // Whatever comes of it, a key is in memory from now on.
        ProcessMemory.hide()
        try read(certificate.certificate, "certificate")
        if let path = certificate.key { try read(path, "key") }
        if let path = certificate.staple { try read(path, "staple") }
        passphrases[certificate.keyPath] = try Self.passphrase(certificate.passphrase)
    }

    private mutating func read(_ path: String, _ noun: String) throws(TLSError) {
        files[path] = try Self.bytes(of: path, noun)
    }

    private static func bytes(of path: String, _ noun: String) throws(TLSError) -> [UInt8] {
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try WholeFile.read(path, most: mostBytes)
        } catch {
            throw TLSError(
                "\(noun) \(path): \(SystemError.words(for: error.number))",
                isForbidden: error.isForbidden)
        }
        guard let bytes else { throw TLSError("\(noun) \(path): there is no such file") }
        guard !bytes.isEmpty else { throw TLSError("\(noun) \(path): the file is empty") }
        return bytes
    }

    /// The first line of a file, the value of a variable, or the words themselves; nil: there is none.
    private static func passphrase(_ passphrase: Passphrase?) throws(TLSError) -> String? {
        switch passphrase {
        case nil: return nil
        case .text(let secret): return secret.revealed
        case .file(let path):
            let line = try bytes(of: path, "passphrase-file").prefix {
                $0 != 0x0A && $0 != 0x0D && $0 != 0
            }
            return String(decoding: line, as: UTF8.self)
        case .environment(let name):
            guard let value = ProcessEnvironment.secret(of: name) else {
                throw TLSError("passphrase-env: the environment has no variable \(name)")
            }
            return value
        }
    }

    /// SHA-256.
    private var sum: [UInt8] {
        var all: [UInt8] = []
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            all += Array("\(path) \(bytes.count) ".utf8) + bytes
        }
        for (path, words) in passphrases.sorted(by: { $0.key < $1.key }) {
            all += Array("\(path) \(words.utf8.count) \(words)".utf8)
        }
        var digest = [UInt8](repeating: 0, count: 32)
        _ = unsafe EVP_Digest(all, all.count, &digest, nil, EVP_sha256(), nil)
        unsafe all.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
        return digest
    }
}

extension CertificateConfiguration {
    /// The file that the key is in.
    var keyPath: String { key ?? certificate }
}
