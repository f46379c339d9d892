internal import CLinux
internal import Glibc

/// A kernel pipe that carries one flow's bytes from socket to socket without copying (splice(2)).
///
/// splice answers EAGAIN both when the socket is empty and when the pipe is full. An empty pipe
/// always has room, so it is only ever filled when empty, and EAGAIN has one meaning.
final class SplicePipe {
    private let readEnd: FileDescriptor
    private let writeEnd: FileDescriptor
    /// Bytes in the pipe.
    private(set) var count = 0

    private static let size: CInt = 512 * 1024

    /// More than any pipe takes: how much fits is counted in buffers, not in bytes, and a buffer
    /// from the network may be far larger than a page.
    static let fillLimit = 1 << 20

    init() throws(SystemError) {
        var ends: (CInt, CInt) = (-1, -1)
        let result = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: CInt.self, capacity: 2) {
                unsafe pipe2($0, CInt(O_NONBLOCK | O_CLOEXEC))
            }
        }
        guard result == 0 else { throw SystemError("pipe2") }
        readEnd = FileDescriptor(owning: ends.0)
        writeEnd = FileDescriptor(owning: ends.1)
        // Fewer, larger moves: 0.25 instead of 0.36 CPU seconds per GiB, as this
        // kernel fills a pipe page by page. A user whose share of pages
        // is used up (pipe(7), pipe-user-pages-soft) keeps the kernel's size.
        _ = fcntl(ends.1, F_SETPIPE_SZ, Self.size)
    }

    /// Takes over a pipe with so many bytes in it.
    init(readEnd: CInt, writeEnd: CInt, count: Int) {
        self.readEnd = FileDescriptor(owning: readEnd)
        self.writeEnd = FileDescriptor(owning: writeEnd)
        self.count = count
    }

    /// Both, for another process that goes on with what is in it.
    var ends: (read: CInt, write: CInt) { (readEnd.number, writeEnd.number) }

    var isEmpty: Bool { count == 0 }

    /// Takes bytes out of `source`. The pipe must be empty.
    @inline(__always)
    func fill(from source: CInt) -> IOResult {
        assert(isEmpty, "a pipe is filled only when empty")
        let outcome = Socket.outcome(
            splice(source, nil, writeEnd.number, nil, Self.fillLimit, Self.flags))
        if case .moved(let moved) = outcome { count = moved }
        return outcome
    }

    /// Puts the bytes into `sink`, as many as it takes.
    @inline(__always)
    func drain(into sink: CInt) -> IOResult {
        let outcome = Socket.outcome(splice(readEnd.number, nil, sink, nil, count, Self.flags))
        if case .moved(let moved) = outcome { count -= moved }
        return outcome
    }

    private static let flags = UInt32(SPLICE_F_NONBLOCK | SPLICE_F_MOVE)
}
