internal import Glibc

/// The lines that were typed, kept from one run to the next in the state directory, for nobody else to read.
struct LineHistory: Sendable {
    /// More lines than this are not taken from the file.
    static let mostLines = 200
    private static let mostBytes = 256 << 10

    /// nil: there is no home to keep it in.
    let path: String?

    init() {
        let state =
            Environment.value(of: "XDG_STATE_HOME")
            ?? Environment.value(of: "HOME").map { $0 + "/.local/state" }
        path = state.flatMap { $0.hasPrefix("/") ? $0 + "/proxytop/history" : nil }
    }

    init(path: String) { self.path = path }

    /// The latest lines, the oldest first; none where there is no file.
    func read() -> [String] {
        guard let path else { return [] }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, CInt(SEEK_END))
        _ = lseek(descriptor, max(0, size - Self.mostBytes), CInt(SEEK_SET))
        var bytes = [UInt8](repeating: 0, count: Self.mostBytes)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
        }
        guard count > 0 else { return [] }
        let lines = String(decoding: bytes.prefix(count), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        return Array(lines.suffix(Self.mostLines))
    }

    /// Adds a line. That it cannot be kept is no reason to bother anybody.
    func append(_ line: String) {
        guard let path else { return }
        makeDirectories(path)
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = unsafe open(path, flags, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array((line + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }

    private func makeDirectories(_ path: String) {
        var parent = ""
        for part in path.split(separator: "/").dropLast() {
            parent += "/" + part
            _ = unsafe mkdir(parent, 0o700)
        }
    }
}
