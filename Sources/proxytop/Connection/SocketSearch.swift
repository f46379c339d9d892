internal import Glibc
internal import Shared

/// Which daemon is meant when none is named.
enum SocketSearch {
    enum Outcome: Equatable {
        case found(String)
        case several([String])
        /// The text says what to do.
        case none(String)
    }

    /// The control sockets in the runtime directory.
    static func run(directory: String) -> Outcome {
        var status = stat()
        if unsafe lstat(directory, &status) == 0,
            let distrust = RuntimeDirectory.distrust(
                of: directory, uid: getuid(), owner: status.st_uid, mode: status.st_mode)
        {
            return .none(distrust)
        }
        return choose(from: sockets(in: directory), in: directory)
    }

    static func choose(from names: [String], in directory: String) -> Outcome {
        switch names.count {
        case 0:
            return .none(
                "no control socket in \(directory): is proxyd running? Name one with --socket PATH")
        case 1: return .found("\(directory)/\(names[0])")
        default: return .several(names.sorted().map { "\(directory)/\($0)" })
        }
    }

    static var runtimeDirectory: String {
        RuntimeDirectory.path(
            uid: getuid(), xdgRuntimeDirectory: Environment.value(of: "XDG_RUNTIME_DIR"))
    }

    private static func sockets(in directory: String) -> [String] {
        guard let handle = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(handle) }
        var names: [String] = []
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(RuntimeDirectory.socketSuffix) else { continue }
            var status = stat()
            guard unsafe stat("\(directory)/\(name)", &status) == 0,
                status.st_mode & S_IFMT == S_IFSOCK
            else { continue }
            names.append(name)
        }
        return names
    }
}
