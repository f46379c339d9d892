internal import Glibc
internal import Shared

/// A file of networks: one per line, `#` begins a comment. Read when the configuration is, and again with
/// every reload.
enum NetworkFile {
    static let mostBytes = 16 * 1024 * 1024
    static let mostNetworks = 500_000

    /// What came of reading one.
    typealias Reading = Result<[Network], ValueError>

    /// The files that rules name in the words of a command.
    static func paths(in words: [String]) -> Set<String> {
        var paths: Set<String> = []
        for rule in words.joined(separator: " ").split(separator: ",") {
            let words = rule.split(separator: " ")
            for (word, path) in zip(words, words.dropFirst())
            where word.hasSuffix("allow-file") || word.hasSuffix("deny-file") {
                paths.insert(String(path))
            }
        }
        return paths
    }

    static func readings(of paths: Set<String>) -> [String: Reading] {
        var readings: [String: Reading] = [:]
        for path in paths {
            readings[path] = Result { () throws(ValueError) in try read(path) }
        }
        return readings
    }

    static func read(_ path: String) throws(ValueError) -> [Network] {
        guard path.hasPrefix("/"), !path.contains(","), !path.contains(" ") else {
            throw ValueError(
                "“\(path.prefix(80))” is not an allowed path for “access”",
                "write it from the root, without blanks and commas: /etc/proxyd/denied")
        }
        let bytes: [UInt8]
        do throws(SystemError) {
            guard let read = try WholeFile.read(path, most: mostBytes) else {
                throw SystemError("open", ENOENT)
            }
            bytes = read
        } catch {
            throw unreadable(path, error)
        }
        return try networks(in: bytes, of: path)
    }

    private static func unreadable(_ path: String, _ error: SystemError) -> ValueError {
        switch error.number {
        case EFBIG:
            ValueError(
                "\(path) has more than \(mostBytes >> 20) MiB", "join networks into larger ones")
        case EINVAL:
            ValueError("\(path) cannot be read: it is not a regular file", "name a plain file")
        default:
            ValueError("\(path) cannot be read", "make it, or let the daemon's user read it")
        }
    }

    /// An error names the line and what is wrong with it, never its text: the file may be any.
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
                    "\(path), line \(index + 1): not a network",
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

/// How a reader comes by the networks of a file that a rule of access names.
struct NetworkFiles {
    /// What was read already, by path.
    var known: [String: NetworkFile.Reading] = [:]
    /// Whether others are opened when they are met, which may take its time.
    var mayOpen = true

    init() {}

    /// Of rules that are in force, and of files that were read since.
    init(inForce rules: [AccessRule], read: [String: NetworkFile.Reading]) {
        mayOpen = false
        for case .file(let path, let networks) in rules.map(\.clients) {
            known[path] = .success(networks)
        }
        known.merge(read) { $1 }
    }

    static let forbidden = ValueError(
        "a rule of “access” names a file, which the daemon would open", "that needs the role admin")

    func networks(of path: String) throws(ValueError) -> [Network] {
        if let reading = known[path] { return try reading.get() }
        guard mayOpen else { throw Self.forbidden }
        return try NetworkFile.read(path)
    }
}
