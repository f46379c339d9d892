internal import Glibc

/// A small file of what the program remembers from one run to the next (XDG state directory), readable by its
/// owner only. That it cannot be kept is not reported.
struct StateFile: Sendable {
    /// A larger file is not one of ours.
    static let mostBytes = 64 << 10

    /// nil: there is no home to keep it in.
    let path: String?

    init(named name: String) {
        let state =
            Environment.value(of: "XDG_STATE_HOME")
            ?? Environment.value(of: "HOME").map { $0 + "/.local/state" }
        path = state.flatMap { $0.hasPrefix("/") ? "\($0)/proxytop/\(name)" : nil }
    }

    init(path: String) { self.path = path }

    /// Its last `most` bytes; nil where there is none.
    func read(last most: Int = StateFile.mostBytes) -> String? {
        guard let path else { return nil }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, CInt(SEEK_END))
        _ = lseek(descriptor, max(0, size - most), CInt(SEEK_SET))
        var bytes = [UInt8](repeating: 0, count: most)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
        }
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }

    /// Puts a text in its place as a whole: a reader sees the old one or the new one.
    func replace(with text: String) {
        guard let path else { return }
        makeDirectories()
        let draft = "\(path).\(getpid())"
        _ = unsafe unlink(draft)
        guard put(text, at: draft, O_EXCL) else {
            _ = unsafe unlink(draft)
            return
        }
        if unsafe rename(draft, path) != 0 { _ = unsafe unlink(draft) }
    }

    func append(_ text: String) {
        guard let path else { return }
        makeDirectories()
        _ = put(text, at: path, O_APPEND)
    }

    private func put(_ text: String, at path: String, _ flags: CInt) -> Bool {
        let all = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags
        let descriptor = unsafe open(path, all, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        let count = unsafe bytes.withUnsafeBytes {
            unsafe write(descriptor, $0.baseAddress, $0.count)
        }
        return count == bytes.count
    }

    private func makeDirectories() {
        var parent = ""
        for part in (path ?? "").split(separator: "/").dropLast() {
            parent += "/" + part
            _ = unsafe mkdir(parent, 0o700)
        }
    }
}
