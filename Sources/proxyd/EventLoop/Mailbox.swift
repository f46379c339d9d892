internal import CLinux
internal import Glibc
internal import Synchronization

/// Values on their way to a thread, and the descriptor that wakes it.
final class Mailbox<Message: Sendable>: Sendable {
    private let messages = CountedMutex<[Message]>([])
    private let event: FileDescriptor

    init() throws(SystemError) {
        let number = eventfd(0, CInt(EFD_NONBLOCK) | CInt(EFD_CLOEXEC))
        guard number >= 0 else { throw SystemError("eventfd") }
        event = FileDescriptor(owning: number)
    }

    /// For the poller of the thread that reads.
    var descriptor: CInt { event.number }

    func post(_ message: Message) { _ = post(message, unlessLongerThan: Int.max) }

    /// Posts what may be lost if need be; false when so many messages wait already that it was.
    func post(_ message: Message, unlessLongerThan limit: Int) -> Bool {
        let count = messages.withLock { messages in
            guard messages.count < limit else { return Int.max }
            messages.append(message)
            return messages.count
        }
        // Whoever finds it empty wakes the reader; the others know that somebody has.
        if count == 1 { _ = eventfd_write(event.number, 1) }
        return count != Int.max
    }

    /// All messages so far, in order.
    func take() -> [Message] {
        var value: eventfd_t = 0
        _ = unsafe eventfd_read(event.number, &value)
        return messages.withLock { messages in
            defer { messages.removeAll(keepingCapacity: true) }
            return messages
        }
    }
}
