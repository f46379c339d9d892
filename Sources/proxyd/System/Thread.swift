internal import CLinux
internal import Glibc

/// A named thread of the operating system that runs one function to its end.
struct Thread: Sendable {
    private let handle: pthread_t

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts it. Of the name 15 bytes are kept (pthread_setname_np(3)).
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let start = Start(name: String(name.prefix(15)), body: body)
        var handle = pthread_t()
        let argument = unsafe Unmanaged.passRetained(start)
        let result = unsafe pthread_create(
            &handle, nil,
            { raw in
                guard let raw = unsafe raw else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
                _ = unsafe pthread_setname_np(pthread_self(), start.name)
                start.body()
                return nil
            }, argument.toOpaque())
        guard result == 0 else {
            unsafe argument.release()
            throw SystemError("pthread_create", result)
        }
        self.handle = handle
    }

    /// Starts one that is not waited for. What is not joined has to be detached, or its stack stays for good
    /// (pthread_detach(3)).
    static func detached(
        name: String, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let thread = try Thread(name: name, body)
        _ = pthread_detach(thread.handle)
    }

    /// Waits for its end.
    func join() { _ = pthread_join(handle, nil) }

    /// How many there are in this process (proc(5), `task`); nil where that is not mounted.
    static var count: Int? {
        guard let directory = unsafe opendir("/proc/self/task") else { return nil }
        defer { unsafe closedir(directory) }
        var count = 0
        while unsafe readdir(directory) != nil { count += 1 }
        // Without "." and "..".
        return max(1, count - 2)
    }
}
