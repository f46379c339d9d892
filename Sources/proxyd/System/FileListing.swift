internal import CLinux
internal import Glibc

/// What there is to run at a path.
enum FileListing {
    /// The regular files directly in a directory, in byte order; the path itself when it is a file; nil
    /// when it is neither. Links are followed, and hidden files count.
    static func files(at path: String) -> [String]? {
        FileProgress.note(path)
        switch kind(of: path) {
        case S_IFDIR: break
        case S_IFREG: return [path]
        default: return nil
        }
        guard let directory = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(directory) }
        var files: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            let file = "\(path)/\(name)"
            if kind(of: file) == S_IFREG { files.append(file) }
        }
        return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// What stands there that is no regular file, in words.
    static func noun(of path: String) -> String {
        switch kind(of: path) {
        case S_IFIFO: "a pipe"
        case S_IFDIR: "a directory"
        case S_IFCHR, S_IFBLK: "a device"
        case S_IFSOCK: "a socket"
        default: "something else"
        }
    }

    private static func kind(of path: String) -> mode_t? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
