/// Where a daemon puts its control socket by default, and where clients look for it.
package enum RuntimeDirectory {
    /// The socket of a daemon that was given no other name.
    package static let socketName = "control.sock"
    /// What a control socket's name ends with, so that clients find every instance in the directory.
    package static let socketSuffix = ".sock"

    /// `/run/proxyd` for root, else `$XDG_RUNTIME_DIR/proxyd`, else `/tmp/proxyd-UID` (architecture §6).
    package static func path(uid: UInt32, xdgRuntimeDirectory: String?) -> String {
        if uid == 0 { return "/run/proxyd" }
        guard let xdgRuntimeDirectory, xdgRuntimeDirectory.hasPrefix("/") else {
            return "/tmp/proxyd-\(uid)"
        }
        return xdgRuntimeDirectory + "/proxyd"
    }
}
