internal import CLinux
internal import Glibc

/// Readiness of a descriptor, as epoll_ctl(2) names it.
struct Readiness: OptionSet, Sendable {
    let rawValue: UInt32

    static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The other side has ended its writes: behind what can be read now comes the end.
    static let readEnd = Readiness(rawValue: EPOLLRDHUP.rawValue)
    static let urgent = Readiness(rawValue: EPOLLPRI.rawValue)
    static let error = Readiness(rawValue: EPOLLERR.rawValue)
    static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
    /// Report changes only. A reader must go on until it has to wait.
    static let edge = Readiness(rawValue: EPOLLET.rawValue)
    /// Wake one of the pollers that wait for this descriptor, not all of them.
    static let exclusive = Readiness(rawValue: EPOLLEXCLUSIVE.rawValue)
}

/// An epoll instance and the events of its last wait.
@safe struct Poller: ~Copyable {
    private let descriptor: FileDescriptor
    private let events: UnsafeMutableBufferPointer<epoll_event>

    init(eventsPerWait: Int = 256) throws(SystemError) {
        let number = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard number >= 0 else { throw SystemError("epoll_create1") }
        descriptor = FileDescriptor(owning: number)
        unsafe events = .allocate(capacity: eventsPerWait)
        unsafe events.initialize(repeating: epoll_event())
    }

    deinit { unsafe events.deallocate() }

    /// Readable while an event waits, so that one poller can watch another (epoll(7)).
    var number: CInt { descriptor.number }

    func add(
        _ number: CInt, _ token: Token, _ readiness: Readiness
    ) throws(SystemError) {
        try control(EPOLL_CTL_ADD, number, token, readiness)
    }

    func modify(
        _ number: CInt, _ token: Token, _ readiness: Readiness
    ) throws(SystemError) {
        try control(EPOLL_CTL_MOD, number, token, readiness)
    }

    /// Watches for something else than before. What is to be left alone is taken out: a hang-up and an error are
    /// reported whether they were asked for or not (epoll_ctl(2)), and would wake the loop without end.
    func change(
        _ number: CInt, _ token: Token, from old: Readiness, to new: Readiness
    ) throws(SystemError) {
        guard old != new else { return }
        if new.isEmpty { return remove(number) }
        try old.isEmpty ? add(number, token, new) : modify(number, token, new)
    }

    /// Only for descriptors that stay open elsewhere: closing one removes it by itself.
    func remove(_ number: CInt) {
        _ = epoll_ctl(descriptor.number, EPOLL_CTL_DEL, number, nil)
    }

    private func control(
        _ operation: CInt, _ number: CInt, _ token: Token, _ readiness: Readiness
    ) throws(SystemError) {
        let data = unsafe epoll_data_t(u64: token.rawValue)
        var event = unsafe epoll_event(events: readiness.rawValue, data: data)
        guard unsafe epoll_ctl(descriptor.number, operation, number, &event) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    /// As many events as one wait brings; then there may be more.
    var capacity: Int { unsafe events.count }

    /// Waits for events and says how many there are.
    ///
    /// It lasts at most so many milliseconds, -1 for as long as it takes. A signal ends it.
    func wait(milliseconds: CInt) -> Int {
        let count = unsafe epoll_wait(
            descriptor.number, events.baseAddress, CInt(events.count), milliseconds)
        return max(0, Int(count))
    }

    /// An event of the last wait.
    @inline(__always)
    subscript(index: Int) -> (token: Token, readiness: Readiness) {
        let event = unsafe events[index]
        return unsafe (Token(rawValue: event.data.u64), Readiness(rawValue: event.events))
    }
}
