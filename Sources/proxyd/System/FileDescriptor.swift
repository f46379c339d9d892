internal import Glibc

/// An open file descriptor with exactly one owner, closed when that owner lets it go.
struct FileDescriptor: ~Copyable, Sendable {
    /// -1 when there is none.
    let number: CInt

    static var none: FileDescriptor { FileDescriptor(owning: -1) }

    init(owning number: CInt) { self.number = number }

    // Never retried on EINTR: Linux has closed it, and the number may already be someone else's.
    deinit { if number >= 0 { _ = Glibc.close(number) } }

    /// Gives up ownership: the caller has to close the number.
    consuming func release() -> CInt {
        let number = number
        discard self
        return number
    }
}
