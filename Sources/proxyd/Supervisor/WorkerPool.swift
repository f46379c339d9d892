internal import Glibc
internal import Shared
internal import Synchronization

/// The workers' threads, and what the supervisor has asked that is not answered yet.
final class WorkerPool {
    let share: SharedState
    private var threads: [Thread] = []
    private var queries: [UInt64: Query] = [:]
    private var lastQuery: UInt64 = 0

    /// Replies that are still to come, and what is to be done with them.
    private struct Query {
        var missing: Int
        var replies: [WorkerReply] = []
        var finish: ([WorkerReply]) -> Void
    }

    init(share: SharedState) { self.share = share }

    func start(_ options: RunOptions, pipeLimit: Int) throws(StartError) {
        let pipes = max(1, pipeLimit / share.workers.count)
        for index in share.workers.indices {
            let plan = Worker.Plan(
                index: index, share: share, relayMode: options.relay, pipeLimit: pipes,
                emitsEveryEnd: options.isVerbose || options.isDebugging
                    || options.dialect?.tellsIdleEnds ?? false)
            do throws(SystemError) {
                threads.append(
                    try Thread(name: "worker-\(index)") {
                        do throws(SystemError) {
                            try Worker(plan).run()
                        } catch {
                            Log.line("worker \(index) cannot start: \(error)", .error)
                            Log.finish()
                            exit(71)
                        }
                    })
            } catch {
                throw StartError(code: .system, message: "cannot start a worker: \(error)")
            }
        }
    }

    func send(_ command: WorkerCommand) {
        for worker in share.workers { worker.mailbox.post(command) }
    }

    /// Ends all sessions and all threads.
    func stop() {
        send(.stop)
        for thread in threads { thread.join() }
        closeUnserved()
    }

    /// Clients that one worker had accepted for another, which ended before it could serve them.
    private func closeUnserved() {
        for (index, worker) in share.workers.enumerated() {
            for case .serve(let client) in worker.mailbox.take() {
                _ = FileDescriptor(owning: client.descriptor)
                guard share.accessLog.filter.contains(.end) else { continue }
                share.accessLog.writer.queue.post(
                    AccessRecord(unserved: client, id: UInt64(index), now: .now))
            }
        }
    }

    // MARK: Queries

    /// Asks every worker; `finish` gets all replies, later.
    func ask(_ command: (UInt64) -> WorkerCommand, then finish: @escaping ([WorkerReply]) -> Void) {
        ask(share.workers, command, then: finish)
    }

    func ask(
        worker: Int, _ command: (UInt64) -> WorkerCommand,
        then finish: @escaping ([WorkerReply]) -> Void
    ) {
        ask([share.workers[worker]], command, then: finish)
    }

    private func ask(
        _ workers: [WorkerHandle], _ command: (UInt64) -> WorkerCommand,
        then finish: @escaping ([WorkerReply]) -> Void
    ) {
        let number = addQuery(missing: workers.count, then: finish)
        for worker in workers { worker.mailbox.post(command(number)) }
    }

    /// A query that another thread answers with one reply of this number.
    func addQuery(then finish: @escaping (WorkerReply) -> Void) -> UInt64 {
        addQuery(missing: 1) { replies in
            if let reply = replies.first { finish(reply) }
        }
    }

    private func addQuery(missing: Int, then finish: @escaping ([WorkerReply]) -> Void) -> UInt64 {
        lastQuery += 1
        queries[lastQuery] = Query(missing: missing, finish: finish)
        return lastQuery
    }

    func cancelQuery(_ number: UInt64) { queries[number] = nil }

    func handle(_ reply: WorkerReply, of number: UInt64) {
        guard var query = queries[number] else { return }
        query.replies.append(reply)
        query.missing -= 1
        queries[number] = query.missing > 0 ? query : nil
        if query.missing == 0 { query.finish(query.replies) }
    }

    // MARK: Beside the loop

    /// Runs `work` on a thread of its own; `finish` gets its value in a later turn of the loop. The time that it takes
    /// is charged to the user who has asked, if it is `charged`.
    func detach<Value: Sendable>(
        _ name: String, charged: Bool = false, _ work: @escaping @Sendable () -> Value,
        then finish: @escaping (Value) -> Void
    ) throws(SystemError) {
        let handoff = Handoff<Value>()
        let number = addQuery { _ in
            if let value = handoff.value.withLock({ $0.take() }) { finish(value) }
        }
        let notices = share.notices
        do throws(SystemError) {
            try Thread.detached(name: name) {
                let began = Instant.now
                let value = work()
                handoff.value.withLock { $0 = value }
                let cost = charged ? Instant.now.elapsed(since: began) : 0
                notices.post(.answer(.done(nanoseconds: cost), question: number))
            }
        } catch {
            queries[number] = nil
            throw error
        }
    }

    /// Puts other bytes in a file's place, made and written on another thread; `finish` gets what went wrong, or nil.
    func replaceFile(
        _ path: String, with bytes: @escaping @Sendable () -> [UInt8],
        _ purpose: FileReplacement.Purpose,
        then finish: @escaping (SystemError?) -> Void
    ) {
        do throws(SystemError) {
            try detach("save") { () -> SystemError? in
                do throws(SystemError) {
                    try FileReplacement.write(bytes(), to: path, purpose)
                    return nil
                } catch {
                    return error
                }
            } then: {
                finish($0)
            }
        } catch {
            finish(error)
        }
    }
}

/// A value on its way from one thread to another.
final class Handoff<Value: Sendable>: Sendable {
    let value = CountedMutex<Value?>(nil)
}
