internal import Glibc
internal import Shared

/// The control sockets of the daemons that run in a runtime directory.
enum ControlSockets {
    /// The only socket of this user's runtime directory.
    static func onlyOne() throws(ControlFailure) -> String {
        let setting = unsafe getenv("XDG_RUNTIME_DIR").map { unsafe String(cString: $0) }
        let directory = RuntimeDirectory.path(uid: getuid(), xdgRuntimeDirectory: setting)
        try check(directory)
        return try choose(from: try names(in: directory), in: directory)
    }

    private static func check(_ directory: String) throws(ControlFailure) {
        var status = stat()
        guard unsafe lstat(directory, &status) == 0 else { return }
        let distrust = RuntimeDirectory.distrust(
            of: directory, uid: getuid(), owner: status.st_uid, mode: status.st_mode)
        if let distrust { throw .forbidden(distrust) }
    }

    /// The path when there is no choice; several are listed.
    static func choose(
        from names: [String], in directory: String
    ) throws(ControlFailure) -> String {
        let sockets = names.filter { $0.hasSuffix(RuntimeDirectory.socketSuffix) }.sorted()
        guard let only = sockets.first else {
            throw .noDaemon(
                "no control socket in \(directory); is the daemon running?"
                    + " If its socket is elsewhere, name it with --socket")
        }
        guard sockets.count == 1 else {
            let list = sockets.map { "\n  --socket \(directory)/\($0)" }.joined()
            throw .usage("several daemons have their socket in \(directory); choose one:\(list)")
        }
        return "\(directory)/\(only)"
    }

    private static func names(in directory: String) throws(ControlFailure) -> [String] {
        guard let stream = unsafe opendir(directory) else {
            let code = errno
            if code == EACCES { throw .forbidden("no permission to look into \(directory)") }
            if code == ENOENT { return [] }
            throw .noDaemon("\(directory): \(ControlClient.reason(code))")
        }
        defer { unsafe _ = closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }
}
