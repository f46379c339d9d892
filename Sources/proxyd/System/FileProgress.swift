internal import Synchronization

/// The file that a thread reads now, to be named should it not answer.
final class FileProgress: Sendable {
    /// Of this thread; nil where nothing waits for it.
    @TaskLocal static var current: FileProgress?

    /// A reader that takes longer is no longer waited for.
    static let limit = Duration.seconds(10)

    private let path = CountedMutex<String?>(nil)

    var file: String? { path.withLock { $0 } }

    static func note(_ path: String) { current?.path.withLock { $0 = path } }
}
