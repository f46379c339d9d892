import Foundation
import Synchronization
import Testing

/// Everything that runs the built `proxyd` against real sockets and real programs.
///
/// One test at a time: each has the machine to itself, so a slow one cannot make another one late.
@Suite(.serialized, .offThePool, .timeLimit(.minutes(20)))
enum EndToEnd {}

extension Tag {
    /// Runs a program that `scripts/setup --test` installs.
    @Tag static var realProgram: Self
}

/// Runs tests where they may block: these read and write sockets in order, as a person would tell it.
///
/// Swift's own pool has a thread per core, and a test that blocked one of them would hold up the tests
/// of other suites.
struct OffThePool: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        defer { Leftovers.clear() }
        try await withTaskExecutorPreference(BlockingExecutor.shared) { try await function() }
    }
}

extension Trait where Self == OffThePool {
    static var offThePool: Self { Self() }
}

/// Gives every job a thread that may wait.
final class BlockingExecutor: TaskExecutor {
    static let shared = BlockingExecutor()
    private let queue = DispatchQueue(label: "end-to-end", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// What a test leaves behind however it ends: programs, directories, listening sockets. Put away when it
/// is over, and not when Swift thinks that a variable is no longer needed.
enum Leftovers {
    private static let all = Mutex<[@Sendable () -> Void]>([])

    static func add(_ putAway: @escaping @Sendable () -> Void) {
        all.withLock { $0.append(putAway) }
    }

    /// Last come, first put away: a program before its directory.
    static func clear() {
        let taken = all.withLock { all in
            defer { all = [] }
            return all
        }
        for putAway in taken.reversed() { putAway() }
    }
}
