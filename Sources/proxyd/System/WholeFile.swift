internal import CLinux
internal import Glibc

/// A regular file that is read at once, if it is not too large.
enum WholeFile {
    /// nil: none.
    static func read(
        _ path: String, most: Int, followsLinks: Bool = true
    ) throws(SystemError) -> [UInt8]? {
        FileProgress.note(path)
        // A pipe in its place must not make us wait.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW)
        let number = unsafe open(path, flags)
        guard number >= 0 else {
            if errno == ENOENT { return nil }
            throw SystemError("open")
        }
        let file = FileDescriptor(owning: number)
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0 else { throw SystemError("fstat") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError("open", EINVAL) }
        guard status.st_size <= most else { throw SystemError("read", EFBIG) }
        var bytes: [UInt8] = []
        // Once: a secret leaves no copies behind.
        bytes.reserveCapacity(Int(status.st_size) + 2 * 65_536)
        while bytes.count <= most {
            let room = 65_536
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: room))
            let count = unsafe bytes.withUnsafeMutableBytes { raw in
                unsafe Glibc.read(file.number, raw.baseAddress?.advanced(by: start), room)
            }
            bytes.removeLast(room - max(0, count))
            guard count >= 0 else { throw SystemError("read") }
            if count == 0 { return bytes }
        }
        throw SystemError("read", EFBIG)
    }
}
