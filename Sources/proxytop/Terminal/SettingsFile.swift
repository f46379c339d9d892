internal import Glibc

/// The operator's own file of settings. It is read once and never written.
enum SettingsFile {
    struct Failure: Error {
        let reason: String
    }

    /// nil: there is no home to have it in.
    static var path: String? {
        let folder =
            Environment.value(of: "XDG_CONFIG_HOME")
            ?? Environment.value(of: "HOME").map { $0 + "/.config" }
        return folder.flatMap { $0.hasPrefix("/") ? $0 + "/proxytop/config" : nil }
    }

    /// nil: none.
    static func read(_ path: String) throws(Failure) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Failure(
                reason: "\(path): cannot be read: \(unsafe String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Settings.mostBytes + 1)
        var length = 0
        while length < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe Glibc.read(
                    descriptor, $0.baseAddress.map { unsafe $0 + length }, $0.count - length)
            }
            guard count >= 0 else {
                throw Failure(
                    reason: "\(path): cannot be read: \(unsafe String(cString: strerror(errno)))")
            }
            if count == 0 { break }
            length += count
        }
        guard length <= Settings.mostBytes else {
            throw Failure(reason: "\(path): more than \(Settings.mostBytes >> 10) KiB")
        }
        return String(decoding: bytes.prefix(length), as: UTF8.self)
    }
}
