internal import DequeModule
internal import Shared
internal import Synchronization

/// Reads files on a thread beside the loop, one job after the other: a file of a network mount may not answer for
/// hours.
///
/// A job that takes longer than `FileProgress.limit` fails. Its thread cannot be ended and is left alone; until it has come back
/// no other is started, and jobs fail at once.
final class FileReads: Timed {
    typealias Failure = ConfigurationEdit.Failure

    private static let mostWaiting = 1000

    private let workers: WorkerPool
    private var waiting: Deque<Job> = []
    private var running: Running?

    private struct Job {
        var work: @Sendable () -> Void
        /// nil: the work is done.
        var finish: (Failure?) -> Void
    }

    private struct Running {
        let progress = FileProgress()
        let began: Instant
        /// nil: the job has failed, and only its thread is left.
        var finish: ((Failure?) -> Void)?

        var due: Instant { began.advanced(by: FileProgress.limit) }
        var file: String { progress.file ?? "a file" }
    }

    init(_ workers: WorkerPool) { self.workers = workers }

    /// Does it on another thread; `finish` gets what came of it, or why nothing has, never within this call unless
    /// it fails at once.
    func read<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value,
        then finish: @escaping (Result<Value, Failure>) -> Void
    ) {
        if let running, running.finish == nil { return finish(.failure(Self.stuck(running))) }
        guard waiting.count < Self.mostWaiting else {
            return finish(
                .failure(.init(.busy, "\(waiting.count) wait for files already; try again later")))
        }
        let handoff = Handoff<Value>()
        let job = Job {
            let value = work()
            handoff.value.withLock { $0 = value }
        } finish: { failure in
            if let failure { return finish(.failure(failure)) }
            if let value = handoff.value.withLock({ $0 }) { finish(.success(value)) }
        }
        waiting.append(job)
        startNext()
    }

    private func startNext() {
        while running == nil, let job = waiting.popFirst() {
            let running = Running(began: .now, finish: job.finish)
            let (progress, work) = (running.progress, job.work)
            do throws(SystemError) {
                try workers.detach("files") {
                    FileProgress.$current.withValue(progress) { work() }
                } then: { [unowned self] in
                    end()
                }
                self.running = running
            } catch {
                job.finish(.init(.internal, "cannot read files: \(error)"))
            }
        }
    }

    /// The thread has come back.
    private func end() {
        guard let ended = running else { return }
        running = nil
        if let finish = ended.finish {
            finish(nil)
        } else {
            let time = Age(milliseconds: Instant.now.milliseconds(since: ended.began))
            Log.line("reading \(ended.file) has ended after \(time); files are read again", .notice)
        }
        startNext()
    }

    // MARK: Time

    var nextDeadline: Instant? { running.flatMap { $0.finish == nil ? nil : $0.due } }

    func meetDeadlines(now: Instant) {
        guard let late = running, let finish = late.finish, late.due <= now else { return }
        running?.finish = nil
        let words = "reading \(late.file) took longer than \(Age(FileProgress.limit))"
        Log.line("\(words); no file is read until it has ended", .error)
        finish(.init(.busy, "\(words); is the file system that it is on there?"))
        let failure = Self.stuck(late)
        while let job = waiting.popFirst() { job.finish(failure) }
    }

    private static func stuck(_ running: Running) -> Failure {
        .init(
            .busy,
            "no file can be read: \(running.file) has not answered for "
                + "\(Age(milliseconds: Instant.now.milliseconds(since: running.began)))")
    }
}
