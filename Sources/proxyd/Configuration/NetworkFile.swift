internal import Foundation
internal import Shared

/// A file of networks: one per line, `#` begins a comment. Read when the configuration is, and again with
/// every reload.
enum NetworkFile {
    static let mostBytes = 16 * 1024 * 1024
    static let mostNetworks = 500_000

    static func read(_ path: String) throws(ValueError) -> [Network] {
        guard path.hasPrefix("/"), !path.contains(","), !path.contains(" ") else {
            throw ValueError(
                "“\(path.prefix(80))” is no path that “access” can have",
                "write it from the root, without blanks and commas: /etc/proxyd/denied")
        }
        guard let handle = FileHandle(forReadingAtPath: path),
            let bytes = try? handle.read(upToCount: mostBytes + 1)
        else {
            throw ValueError(
                "\(path) cannot be read", "make it, or let the daemon's user read it")
        }
        guard bytes.count <= mostBytes else {
            throw ValueError(
                "\(path) has more than \(mostBytes >> 20) MiB", "join networks into larger ones")
        }
        return try networks(in: bytes, of: path)
    }

    static func networks(
        in bytes: some Collection<UInt8>, of path: String
    ) throws(ValueError) -> [Network] {
        var networks: [Network] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let content = line.prefix { $0 != UInt8(ascii: "#") }
            let words = content.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            guard let word = words.first else { continue }
            let text = String(decoding: word, as: UTF8.self)
            guard words.count == 1, let network = Network(rule: text) else {
                throw ValueError(
                    "\(path), line \(index + 1): “\(text.prefix(60))” is no network",
                    "write one per line, as in 10.0.0.0/8")
            }
            networks.append(network)
            guard networks.count <= mostNetworks else {
                throw ValueError(
                    "\(path) has more than \(mostNetworks) networks",
                    "join networks into larger ones")
            }
        }
        return networks
    }
}
