internal import Synchronization

/// Values on their way to a thread, and the descriptor that wakes it. None is ever lost, so its senders are bounded in
/// other ways; where they are not, a `BoundedQueue` drops what is too much.
final class Mailbox<Message: Sendable>: Sendable {
    private let messages = CountedMutex<[Message]>([])
    private let event: WakeupEvent

    init() throws(SystemError) {
        event = try WakeupEvent()
    }

    /// For the poller of the thread that reads.
    var descriptor: CInt { event.descriptor }

    func post(_ message: Message) { _ = post(message, unlessLongerThan: Int.max) }

    /// Posts what may be lost if need be; false when so many messages wait already that it was.
    func post(_ message: Message, unlessLongerThan limit: Int) -> Bool {
        let count = messages.withLock { messages in
            guard messages.count < limit else { return Int.max }
            messages.append(message)
            return messages.count
        }
        // The first message wakes the reader, and the others need not.
        if count == 1 { event.signal() }
        return count != Int.max
    }

    /// All messages so far, in order.
    func take() -> [Message] {
        event.clear()
        return messages.withLock { messages in
            defer { messages.removeAll(keepingCapacity: true) }
            return messages
        }
    }
}
