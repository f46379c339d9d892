internal import Shared

enum TLSLimits {
    /// RFC 8446 §4.6.1: no ticket is good for longer than seven days.
    static let ticketLifetimes = Duration.seconds(10)...Duration.seconds(7 * 86_400)
    static let handshakes = 1...1_000_000
    static let names = 1000
    /// What OpenSSL reads of a passphrase at most (PEM_BUFSIZE).
    static let passphraseBytes = 1...1024
}

/// Reads single values of `tls:`.
enum TLSWords {
    static func version(_ text: String, as name: String) throws(ValueError) -> TLSVersions.Version {
        if let version = TLSVersions.Version(rawValue: text) { return version }
        guard ["1", "1.0", "1.1", "2", "3", "2.0", "3.0"].contains(text) else {
            throw ValueError(invalid: "TLS version", text.prefix(40), name, "write 1.2 or 1.3")
        }
        throw ValueError(
            "\(name) is “\(text)”, which is broken and not spoken", "write 1.2 or 1.3")
    }

    /// A server name that a certificate is for.
    static func name(_ text: String) throws(ValueError) -> String {
        guard IPAddress(text) == nil else {
            throw ValueError(
                "“names” has “\(text)”, but clients ask for names only, not for addresses",
                "leave it out; the first certificate is for those who ask for no name")
        }
        return try ValueReader.serverName(text, as: "“names”")
    }

    /// A name or an address that a channel's certificate has to be for.
    static func certifiedName(_ text: String, as name: String) throws(ValueError) -> String {
        if let address = IPAddress(text) { return "\(address)" }
        return try hostName(text, as: name)
    }

    /// `none`, `client`, or a name.
    static func serverName(
        _ text: String, as name: String
    ) throws(ValueError) -> TLSChannelConfiguration.ServerNameChoice {
        switch text {
        case "none": return .none
        case "client": return .client
        default:
            guard IPAddress(text) == nil else {
                throw ValueError(
                    "\(name) is “\(text)”, and addresses are not asked for by name",
                    "write none, client, or a host name")
            }
            return .name(try hostName(text, as: name))
        }
    }

    private static func hostName(_ text: String, as name: String) throws(ValueError) -> String {
        let host = try? ValueReader.serverName(text, as: name)
        guard let host, !host.hasPrefix("*") else {
            throw ValueError(
                invalid: "host name", text.prefix(60), name,
                "write it as www.example.com")
        }
        return host
    }

    /// What OpenSSL chooses among: judged by it, when it is used.
    static func names(_ text: String, as name: String) throws(ValueError) -> String {
        let isList =
            (1...4096).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isList else {
            throw ValueError(
                "\(name) is empty, too long or has spaces",
                "write names with “:” between them, as in openssl-ciphers(1)")
        }
        return text
    }

    /// Never repeated in a message.
    static func passphrase(_ text: String, as name: String) throws(ValueError) -> Passphrase {
        guard text != HiddenText.word else {
            throw ValueError(
                "\(name) is \(text), which stands for one that was not shown",
                "write the passphrase itself, or use passphrase-file")
        }
        guard TLSLimits.passphraseBytes.contains(text.utf8.count), !text.utf8.contains(0) else {
            throw ValueError(
                "\(name) is empty, too long or has a zero byte",
                "write 1 to \(TLSLimits.passphraseBytes.upperBound) bytes of text")
        }
        return .text(Secret(text))
    }

    /// The name of a variable of the environment.
    static func variable(_ text: String, as name: String) throws(ValueError) -> String {
        let isName =
            (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                    || (0x61...0x7A).contains($0) || $0 == 0x5F
            } && text.utf8.first.map { !(0x30...0x39).contains($0) } ?? false
        // Not repeated: it may be the passphrase itself, at the wrong place.
        guard isName else {
            throw ValueError(
                "\(name) names no variable of the environment", "write it as PROXYD_PASSPHRASE")
        }
        return text
    }
}

extension ValueReader {
    /// A host name, or `*.` and one; in small letters.
    static func serverName(_ text: String, as key: String) throws(ValueError) -> String {
        let name = text.lowercased()
        let host = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
        let isHost =
            (1...253).contains(host.utf8.count) && !host.hasPrefix(".") && !host.hasSuffix(".")
            && host.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
                    || $0 == 0x2E || $0 == 0x5F
            }
        guard isHost, !host.contains("..") else {
            throw ValueError(
                invalid: "server name", text.prefix(60), key,
                "write www.example.com, or *.example.com for every name below it")
        }
        return name
    }
}
