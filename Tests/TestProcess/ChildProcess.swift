package import Foundation
import Glibc
import Synchronization

/// A program that runs beside the test, its standard streams in files.
///
/// Not Foundation's `Process`: it copies directory entries from beyond the end of its buffer when some 1,360
/// descriptors are open, and a suite that holds as many sessions crashes there. It also waits until every
/// descendant has closed what it inherited, and some servers leave one behind.
package final class ChildProcess: Sendable {
    package let pid: pid_t
    private let state: Mutex<Int?>
    private let ended = DispatchSemaphore(value: 0)

    package struct Failed: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// Where a standard stream of the program goes.
    package enum Stream: Sendable {
        /// A file that is emptied first.
        case file(String)
        case none
        /// Where standard output goes.
        case output
    }

    /// Starts it, in a process group of its own, with no signal blocked or ignored and no descriptor of the test.
    ///
    /// `words` are the program, by path or by a name on the path, and its arguments; `environment` is all of it, nil
    /// that of the test; `folder` is where it runs; `input` the file that it reads as standard input.
    package init(
        _ words: [String], environment: [String: String]? = nil, in folder: String? = nil,
        input: String = "/dev/null", output: Stream = .none, errors: Stream = .none
    ) throws {
        pid = try Self.start(
            words, environment ?? ProcessInfo.processInfo.environment, folder, input, output, errors
        )
        state = Mutex(nil)
        // Waits at once, so that one that has ended does not look alive to the tests.
        Thread.detachNewThread { [self] in
            var status: CInt = 0
            while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = Int(status & 0x7F)
            state.withLock { $0 = signal == 0 ? Int(status >> 8) & 0xFF : -signal }
            ended.signal()
        }
    }

    package var isRunning: Bool { state.withLock { $0 == nil } }

    /// How it ended: the exit status, or the number of the signal that ended it, negative. nil if it still runs then.
    package func waitForEnd(until deadline: DispatchTime = .distantFuture) -> Int? {
        guard ended.wait(timeout: deadline) == .success else { return nil }
        // For the next who asks.
        ended.signal()
        return state.withLock { $0 }
    }

    private static func start(
        _ words: [String], _ environment: [String: String], _ folder: String?, _ input: String,
        _ output: Stream, _ errors: Stream
    ) throws -> pid_t {
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        var settings = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe arguments.forEach { unsafe free($0) }
            unsafe settings.forEach { unsafe free($0) }
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        if let folder { unsafe posix_spawn_file_actions_addchdir_np(&actions, folder) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
        unsafe add(output, as: STDOUT_FILENO, to: &actions)
        unsafe add(errors, as: STDERR_FILENO, to: &actions)
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        // A test runs on a thread that blocks signals, and a child would inherit that.
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        unsafe posix_spawnattr_setsigmask(&attributes, &mask)
        unsafe sigfillset(&mask)
        unsafe posix_spawnattr_setsigdefault(&attributes, &mask)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var child: pid_t = 0
        let error = unsafe posix_spawnp(
            &child, words[0], &actions, &attributes, &arguments, &settings)
        guard error == 0 else {
            throw Failed(description: "\(words[0]): \(unsafe String(cString: strerror(error)))")
        }
        return child
    }

    private static func add(
        _ stream: Stream, as number: CInt, to actions: inout posix_spawn_file_actions_t
    ) {
        switch stream {
        case .file(let path):
            unsafe posix_spawn_file_actions_addopen(
                &actions, number, path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        case .none:
            unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_WRONLY, 0)
        case .output:
            unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, number)
        }
    }
}
