internal import Glibc

/// The commands that were typed, a line each, in the user's state directory (XDG Base Directory
/// Specification), readable for no other user.
struct HistoryFile: Sendable {
    /// Lines that are kept; the file may have as many again until it is read the next time.
    static let mostLines = 1000
    private static let mostBytes = 1 << 20
    /// Longer ones are not kept.
    private static let longestLine = 4096

    let path: String

    /// nil: there is no home to keep it in.
    static var standard: HistoryFile? {
        func variable(_ name: String) -> String? {
            unsafe getenv(name).map { unsafe String(cString: $0) }
        }
        return path(state: variable("XDG_STATE_HOME"), home: variable("HOME"))
            .map { HistoryFile(path: $0) }
    }

    static func path(state: String?, home: String?) -> String? {
        let name = "proxyd/ctl_history"
        if let state, state.hasPrefix("/") { return "\(state)/\(name)" }
        guard let home, home.hasPrefix("/") else { return nil }
        return "\(home)/.local/state/\(name)"
    }

    /// The last lines, the oldest first. A file that has grown too long is cut to them.
    func load() -> [String] {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard number >= 0 else { return [] }
        let file = FileDescriptor(owning: number)
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return []
        }
        // Of a longer file its end, from the first whole line on.
        let start = max(0, Int(status.st_size) - Self.mostBytes)
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < Self.mostBytes {
            let count = unsafe pread(file.number, &piece, piece.count, off_t(start + bytes.count))
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        if start > 0, !lines.isEmpty { lines.removeFirst() }
        let kept = Array(lines.suffix(Self.mostLines))
        if start > 0 || lines.count > 2 * Self.mostLines { replace(with: kept) }
        return kept
    }

    /// Adds a line. Sessions at the same time add to the same file; what cannot be kept is not.
    func append(_ line: String) {
        guard line.utf8.count <= Self.longestLine, !line.utf8.contains(where: { $0 < 0x20 }) else {
            return
        }
        makeFolders()
        write(line + "\n", to: path, flags: O_APPEND)
    }

    private func replace(with lines: [String]) {
        let temporary = "\(path).\(getpid())"
        let isWritten = write(
            lines.map { $0 + "\n" }.joined(), to: temporary, flags: O_TRUNC)
        guard isWritten, unsafe rename(temporary, path) == 0 else {
            _ = unsafe unlink(temporary)
            return
        }
    }

    @discardableResult
    private func write(_ text: String, to path: String, flags: CInt) -> Bool {
        let number = unsafe open(
            path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0o600)
        guard number >= 0 else { return false }
        let file = FileDescriptor(owning: number)
        // It may have been made by hand, and no other user may read what is typed.
        guard fchmod(file.number, 0o600) == 0 else { return false }
        let bytes = Array(text.utf8)
        return unsafe Glibc.write(file.number, bytes, bytes.count) == bytes.count
    }

    /// Every directory that is missing, ours alone as the specification has it.
    private func makeFolders() {
        var end = path.startIndex
        while let slash = path[path.index(after: end)...].firstIndex(of: "/") {
            _ = unsafe mkdir(String(path[..<slash]), 0o700)
            end = slash
        }
    }
}
