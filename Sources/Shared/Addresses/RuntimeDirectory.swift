/// Where a daemon puts its control socket by default, and where clients look for it.
package enum RuntimeDirectory {
    /// The socket of a daemon that was given no other name.
    package static let socketName = "control.sock"
    /// What a control socket's name ends with, so that clients find every instance in the directory.
    package static let socketSuffix = ".sock"

    /// Why a client must not use the sockets in the directory; nil when it may.
    ///
    /// Any user can create a directory in /tmp first, so there it has to belong to the user, and others must not be able to
    /// write to it. `owner` and `mode` are those of the directory itself, not of a link's target (lstat(2)).
    package static func distrust(
        of path: String, uid: UInt32, owner: UInt32, mode: UInt32
    ) -> String? {
        guard path == "/tmp/proxyd-\(uid)" else { return nil }
        if mode & 0o170000 != 0o040000 { return "\(path) is not a directory; remove it" }
        if owner != uid {
            return "\(path) belongs to user \(owner), who could pose as a daemon there; "
                + "remove it, or name a socket with --socket"
        }
        if mode & 0o022 != 0 {
            return "other users may write to \(path) and could pose as a daemon there; "
                + "run chmod 700 \(path)"
        }
        return nil
    }

    /// `/run/proxyd` for root, else `$XDG_RUNTIME_DIR/proxyd`, else `/tmp/proxyd-UID` (architecture §6).
    package static func path(uid: UInt32, xdgRuntimeDirectory: String?) -> String {
        if uid == 0 { return "/run/proxyd" }
        guard let xdgRuntimeDirectory, xdgRuntimeDirectory.hasPrefix("/") else {
            return "/tmp/proxyd-\(uid)"
        }
        return xdgRuntimeDirectory + "/proxyd"
    }
}
