internal import Glibc
internal import Synchronization

#if DEBUG
    /// A `Mutex` that counts, per thread, how often it is locked, so that a test can say how many locks a
    /// session takes. A release build has plain mutexes.
    struct CountedMutex<Value: ~Copyable>: ~Copyable, Sendable {
        private let mutex: Mutex<Value>

        init(_ value: consuming sending Value) { mutex = Mutex(value) }

        borrowing func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            LockCount.add()
            return try mutex.withLock(body)
        }
    }

    /// How many mutexes each thread has locked since it began.
    enum LockCount {
        // A thread's own value under this key is the number itself (pthread_getspecific(3)).
        private static let key: pthread_key_t = {
            var key = pthread_key_t()
            _ = unsafe pthread_key_create(&key, nil)
            return key
        }()

        static var ofThisThread: Int { unsafe Int(bitPattern: pthread_getspecific(key)) }

        fileprivate static func add() {
            let count = unsafe UnsafeRawPointer(bitPattern: ofThisThread + 1)
            _ = unsafe pthread_setspecific(key, count)
        }
    }
#else
    typealias CountedMutex = Mutex
#endif
