import Shared
import Testing

@testable import proxyd

/// Files are read beside the loop, and one that does not answer holds up neither the loop nor those who ask later.
@Suite("file reads", .timeLimit(.untilHung))
struct FileReadsTests {
    let workers: WorkerPool
    let reads: FileReads

    init() throws {
        workers = WorkerPool(
            share: SharedState(
                admission: SessionLimit(limit: 1), workers: [], notices: try Mailbox(),
                accessLog: try AccessLog()))
        reads = FileReads(workers)
    }

    /// Does what the loop does when the mailbox wakes it.
    private func serve() {
        Sleep.until(nil, or: workers.share.notices.descriptor)
        for case .answer(let reply, let question) in workers.share.notices.take() {
            workers.handle(reply, of: question)
        }
    }

    /// A file that does not answer until it is let go.
    private struct Hanging: Sendable {
        let began: Mailbox<Bool>
        let gate: Mailbox<Bool>

        init() throws {
            began = try Mailbox()
            gate = try Mailbox()
        }

        var work: @Sendable () -> String {
            {
                FileProgress.note("/mnt/far/list")
                began.post(true)
                Sleep.until(nil, or: gate.descriptor)
                return "late"
            }
        }

        func waitUntilRead() { Sleep.until(nil, or: began.descriptor) }
        func answer() { gate.post(true) }
    }

    @Test("jobs are done one after the other, in order, and never within the call")
    func order() {
        var done: [Int] = []
        for number in 0..<20 {
            reads.read({ number }, then: { done.append((try? $0.get()) ?? -1) })
        }
        #expect(done.isEmpty)
        while done.count < 20 { serve() }
        #expect(done == Array(0..<20))
        #expect(reads.nextDeadline == nil)
    }

    @Test("a file that does not answer fails by name, and others at once until it has answered")
    func hanging() throws {
        let far = try Hanging()
        var answers: [Result<String, ConfigurationEdit.Failure>] = []
        let threads = Thread.count ?? 0
        reads.read(far.work) { answers.append($0) }
        reads.read({ "waited" }, then: { answers.append($0) })
        far.waitUntilRead()
        let due = try #require(reads.nextDeadline)
        reads.meetDeadlines(now: .zero)
        #expect(answers.isEmpty)
        reads.meetDeadlines(now: due)
        #expect(answers.count == 2)
        #expect(
            throws: ConfigurationEdit.Failure(
                .busy,
                "reading /mnt/far/list took longer than 10s; is the file system that it is on there?"
            )
        ) { try answers[0].get() }
        let before = Thread.count ?? 0
        for _ in 0..<100 { reads.read({ "at once" }, then: { answers.append($0) }) }
        #expect(answers.count == 102)
        for answer in answers.dropFirst() {
            let failure = #expect(throws: ConfigurationEdit.Failure.self) { try answer.get() }
            #expect(failure?.code == .busy)
            #expect(failure?.message.hasPrefix("no file can be read: /mnt/far/list") == true)
        }
        // Other suites have threads, too, but not a hundred.
        #expect((Thread.count ?? 0) - max(before, threads) < 50)
        #expect(reads.nextDeadline == nil)
        far.answer()
        serve()
        #expect(answers.count == 102, "a late answer is nobody's")
        reads.read({ "again" }, then: { answers.append($0) })
        serve()
        #expect(answers.last == .success("again"))
    }

    @Test(
        "the files that the words of a command name",
        arguments: [
            (["access", "deny-file", "/a"], ["/a"]),
            (["access", "deny-file /a tarpit 30s, allow-file  /b,deny all"], ["/a", "/b"]),
            (["new", "listen=127.0.0.1:0", "access=deny-file /a=b"], ["/a=b"]),
            (["access", "deny 10.0.0.0/8, allow all"], []),
            (["access", "deny-file"], []),
        ] as [([String], [String])])
    func paths(words: [String], paths: [String]) {
        #expect(NetworkFile.paths(in: words) == Set(paths))
    }
}
