internal import Glibc
internal import Shared

/// A file of networks: one per line, `#` begins a comment. Read when the configuration is, and again with
/// every reload.
enum NetworkFile {
    static let mostBytes = 16 * 1024 * 1024
    static let mostNetworks = 500_000

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
    /// Files of rules that are in force, which need not be read again.
    var known: [String: [Network]] = [:]
    /// Whether the one who asks may have the daemon open files.
    var mayOpen = true

    init() {}

    init(known rules: [AccessRule], mayOpen: Bool) {
        self.mayOpen = mayOpen
        for case .file(let path, let networks) in rules.map(\.clients) { known[path] = networks }
    }

    static let forbidden = ValueError(
        "a rule of “access” names a file, which the daemon would open", "that needs the role admin")

    func networks(of path: String) throws(ValueError) -> [Network] {
        if let networks = known[path] { return networks }
        guard mayOpen else { throw Self.forbidden }
        return try NetworkFile.read(path)
    }
}
