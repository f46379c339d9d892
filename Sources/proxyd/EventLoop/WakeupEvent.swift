internal import CLinux
internal import Glibc

/// Wakes a thread that waits for descriptors (eventfd(2)).
struct WakeupEvent: ~Copyable, Sendable {
    private let event: FileDescriptor

    init() throws(SystemError) {
        let number = eventfd(0, CInt(EFD_NONBLOCK) | CInt(EFD_CLOEXEC))
        guard number >= 0 else { throw SystemError("eventfd") }
        event = FileDescriptor(owning: number)
    }

    /// Readable from `signal` to `clear`.
    var descriptor: CInt { event.number }

    func signal() { _ = eventfd_write(event.number, 1) }

    func clear() {
        var value: eventfd_t = 0
        _ = unsafe eventfd_read(event.number, &value)
    }
}
