internal import Synchronization

#if DEBUG
    internal import Glibc
#endif

/// An immutable value that is replaced now and then, and read all the time by many threads.
///
/// A reader that has a number of its own (a worker) reads without a lock: it keeps what it read last, and
/// goes to the lock only when the revision says that there is another value. Everything else reads under
/// the lock.
///
/// A reader keeps the value that it has read until it reads again, so a replaced value lives on for as long as
/// some worker has no business with it: at most one per reader.
@safe final class Published<Value: AnyObject & Sendable>: Sendable {
    private let latest: CountedMutex<Value>
    /// Raised after `latest` has another value.
    private let revision = Atomic<UInt64>(1)
    /// Only the thread that has a reader's number touches its place, which debug builds check.
    private nonisolated(unsafe) let readers: UnsafeMutableBufferPointer<PublishedReader<Value>>

    init(_ value: Value, readerCount: Int) {
        latest = CountedMutex(value)
        unsafe readers = .allocate(capacity: readerCount)
        unsafe readers.initialize(repeating: PublishedReader())
    }

    deinit {
        unsafe readers.deinitialize()
        unsafe readers.deallocate()
    }

    var value: Value { latest.withLock { $0 } }

    /// The value as the reader of that number sees it; only for the one thread that has this number.
    @inline(__always)
    func value(for reader: Int) -> Value {
        guard unsafe readers.indices.contains(reader) else { return value }
        let present = revision.load(ordering: .acquiring)
        if let value = unsafe readers[reader].value(of: present) { return value }
        return refresh(reader, to: present)
    }

    /// The revision was read before the value, which may be newer: then the next look refreshes once more.
    @inline(never)
    private func refresh(_ reader: Int, to revision: UInt64) -> Value {
        let value = value
        unsafe readers[reader].keep(value, of: revision)
        return value
    }

    /// Replaces the value, for every read that begins afterwards. One thread at a time does so.
    func publish(_ value: Value) {
        latest.withLock { $0 = value }
        revision.wrappingAdd(1, ordering: .releasing)
    }
}

/// What one thread has read last.
private struct PublishedReader<Value: AnyObject & Sendable> {
    private var kept: Value?
    /// 0: nothing was read yet.
    private var revision: UInt64 = 0
    #if DEBUG
        private var thread: pthread_t?
    #endif

    @inline(__always)
    mutating func value(of present: UInt64) -> Value? {
        checkThread()
        return revision == present ? kept : nil
    }

    mutating func keep(_ value: Value, of revision: UInt64) {
        checkThread()
        (kept, self.revision) = (value, revision)
    }

    @inline(__always)
    private mutating func checkThread() {
        #if DEBUG
            if thread == nil { thread = pthread_self() }
            assert(thread == pthread_self(), "a reader's number belongs to one thread")
        #endif
    }
}
