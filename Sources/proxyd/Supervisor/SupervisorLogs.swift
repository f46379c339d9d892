internal import Glibc
internal import Shared

/// What the supervisor does about logs.
extension Supervisor {
    /// Opens log files again, for `log reopen` and SIGHUP; `finish` gets how many, or what went wrong.
    func reopenLogs(then finish: @escaping (Int, String?) -> Void) {
        questionNumber += 1
        let number = questionNumber
        questions[number] = Question(missing: 1) { answers in
            guard case .reopened(let count, let problem) = answers.first else { return }
            finish(count, problem)
        }
        let notices = share.notices
        logs.reopen { count, problem in
            notices.post(.answer(.reopened(count, problem: problem), question: number))
        }
    }

    var logUsage: [(name: String, usage: LogUsage)] {
        [("access", logs.access.writer.usage), ("error", logs.error.usage)]
    }

    func reopenLogs(because name: String) {
        reopenLogs { [unowned self] count, problem in
            if let problem {
                tell(
                    .error, .reopened, of: Event.Subject(kind: .log), because: problem,
                    "\(name): \(problem); lines go into the old file")
            } else if count > 0 {
                Log.line("\(name): \(count) log files were opened again", .info, deduplicationKey: nil)
            }
        }
    }

    /// Once a second: a log that loses lines may be unable to say so itself.
    func watchLogs() {
        guard nextLogLook <= now else { return }
        nextLogLook = now.advanced(by: .seconds(1))
        for news in logs.news(now: now) { tell(news) }
        expireDebugging()
    }

    private func tell(_ news: LogWatch.News) {
        func subject(_ log: String) -> Event.Subject {
            Event.Subject(kind: .log, name: String(log.prefix { $0 != " " }))
        }
        switch news {
        case .failed(let log, let why):
            tell(
                .error, .unwritten, of: subject(log), because: why,
                "\(log) cannot be written: \(why)")
        case .returned(let log):
            tell(
                .notice, .returned, of: subject(log),
                "\(log) is written again")
        case .lost(let log, let count, let why):
            tell(
                .error, .lost, of: subject(log), to: String(count),
                because: why, "\(log) lost \(count) lines: \(why)")
        }
    }

    /// Clients that one worker had accepted for another, which ended before it could serve them.
    func giveUpUnserved() {
        for (index, worker) in share.workers.enumerated() {
            for case .serve(let client) in worker.mailbox.take() {
                _ = FileDescriptor(owning: client.descriptor)
                guard share.accessLog.wishes.contains(.end) else { continue }
                share.accessLog.writer.queue.post(
                    AccessRecord(unserved: client, id: UInt64(index), now: .now))
            }
        }
    }

    // MARK: Debugging

    func debug(_ wishes: DebugFilters, then finish: @escaping (Int) -> Void) {
        debugged = wishes
        ask({ .trace(wishes.wishes, question: $0) }) { answers in
            finish(
                answers.reduce(0) { sum, answer in
                    if case .traced(let count) = answer { sum + count } else { sum }
                })
        }
    }

    private func expireDebugging() {
        var wishes = debugged
        let over = wishes.expire(now: now)
        guard !over.isEmpty else { return }
        for wish in over {
            tell(.info, .debug, of: .daemon, "debug \(wish.text) ended: its time is over")
        }
        debug(wishes) { _ in }
    }
}
