import Glibc
import Shared
import Testing

@testable import proxyd

/// Replies with a row per channel or session.
@Suite("many rows")
struct ManyRowsTests {
    private func daemon(_ count: Int) throws -> FakeDaemon {
        try FakeDaemon(
            Blueprint.topology([("mail", [("main", (0..<count).map { "c\($0)" })])]))
    }

    @Test(
        "a reply with many rows is made beside the loop, with the same lines",
        arguments: ["show channels", "metrics", "show config", "show sessions"])
    func beside(line: String) throws {
        for (count, made) in [(ControlRequest.rowsAtOnce, 0), (ControlRequest.rowsAtOnce + 1, 1)] {
            let daemon = try daemon(count)
            if line == "show sessions" {
                let listener = daemon.topology.listeners[0]
                daemon.sessions = (0..<count).map { .sample(UInt64($0), of: listener) }
            }
            guard case .ok(let attributes, let lines) = try daemon.reply(to: line) else {
                throw Missing("OK")
            }
            #expect(daemon.madeCount == made)
            #expect(attributes["epoch"] != nil)
            #expect(lines.count > (line == "show config" ? 0 : count))
        }
    }

    @Test("what is worked out beside the loop is done one thing after the other, in order")
    func inOrder() throws {
        let share = SharedState(
            admission: SessionLimit(limit: 1), workers: [], notices: try Mailbox(),
            accessLog: try AccessLog())
        let workers = WorkerPool(share: share)
        let background = BackgroundWork(workers)
        var found: [Int] = []
        for number in 0..<100 { background.run({ number * number }, then: { found.append($0) }) }
        while found.count < 100 {
            #expect(Wait.poll(share.notices.descriptor, POLLIN) != nil)
            let events = share.notices.take()
            #expect(events.count == 1)
            for case .answer(let reply, let question) in events {
                workers.handle(reply, of: question)
            }
        }
        #expect(found == (0..<100).map { $0 * $0 })
    }
}
