import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

/// A connection of the control socket, driven by the test as the supervisor drives it.
final class ConnectionStand {
    let daemon: FakeDaemon
    let connection: ControlConnection
    let client: TestSocket
    private var reader = ReplyReader()

    init(usage: ControlUsage = ControlUsage(), idleLimit: Duration? = nil) throws {
        daemon = try FakeDaemon.make()
        daemon.now = .at(100)
        let (near, far) = try TestSocket.pair(.unix)
        client = far
        connection = ControlConnection(
            FileDescriptor(owning: dup(near.number)),
            peer: .test, daemon: daemon,
            token: Token(.control), usage: usage, idleLimit: idleLimit)
    }

    /// Serves the connection for as long as it has an event that it waits for.
    func serve() {
        while !connection.isFinished {
            // There are no others whose turn would come first.
            if connection.isPostponed { connection.meetDeadlines(now: .now) }
            let interest = connection.interest
            let wanted =
                (interest.contains(.readable) ? POLLIN : 0)
                | (interest.contains(.writable) ? POLLOUT : 0)
            guard let events = Wait.poll(connection.number, wanted, milliseconds: 0) else { return }
            let ready = Readiness(rawValue: UInt32(events))
            guard !ready.isDisjoint(with: [.readable, .writable]) else { return }
            connection.resume(ready)
        }
    }

    /// All whole replies that the client can read now.
    func replies() throws -> [Reply] {
        var replies: [Reply] = []
        while case .bytes(let bytes) = client.receiveSome() { reader.append(bytes) }
        while let reply = try reader.next() { replies.append(reply) }
        return replies
    }

    func replies(to text: String) throws -> [Reply] {
        try client.send(text)
        serve()
        return try replies()
    }
}

extension Reply {
    /// The code of an `ERR`.
    fileprivate var code: ErrorCode? {
        if case .error(let code, _) = self { code } else { nil }
    }

    fileprivate var lineCount: Int? {
        if case .ok(_, let lines) = self { lines.count } else { nil }
    }
}

@Suite("Control connection", .timeLimit(.untilHung))
struct ControlConnectionTests {
    @Test("pipelined requests are answered in order, also when an answer comes late")
    func order() throws {
        let stand = try ConnectionStand()
        stand.daemon.isSlow = true
        let early = try stand.replies(
            to: "novel\nshow channels\nshow services\nshow limits\nhelp kill\n")
        #expect(early.map(\.code) == [.unknown])
        #expect(stand.daemon.pending.count == 1)
        stand.daemon.answerAll()
        #expect(try stand.replies().map(\.lineCount) == [5, 2])
        stand.daemon.answerAll()
        #expect(try stand.replies().map(\.lineCount) == [23, 4])
    }

    @Test("a request may come in pieces, with CR, and empty lines are nothing")
    func pieces() throws {
        let stand = try ConnectionStand()
        #expect(try stand.replies(to: "show ser").isEmpty)
        #expect(try stand.replies(to: "vices\r").isEmpty)
        #expect(
            try stand.replies(to: "\n\n\r\n  \n\"show\" services\n").map(\.lineCount) == [2, 2])
    }

    @Test("thousands of requests in one packet are answered one by one")
    func flood() throws {
        let stand = try ConnectionStand()
        let count = 8000
        try stand.client.send(String(repeating: "x\n", count: count))
        stand.client.endWrites()
        var replies = 0
        while !stand.connection.isFinished {
            stand.serve()
            replies += try stand.replies().count
        }
        replies += try stand.replies().count
        #expect(replies == count)
    }

    @Test("a flood from a client that reads as fast as it is answered does not nest answers")
    func nested() throws {
        let stand = try ConnectionStand()
        let client = stand.client
        let readAll = try Mailbox<Int>()
        let thread = try Thread(name: "reader") {
            var lines = 0
            while let received = try? client.receiveNext(), case .bytes(let bytes) = received {
                lines += bytes.count { $0 == 10 }
            }
            readAll.post(lines)
        }
        var sent = 0
        let chunk = Array(String(repeating: "x\n", count: 8192).utf8)
        while sent < 8 * chunk.count {
            sent += try client.sendSome(chunk[(sent % chunk.count)...])
            stand.serve()
        }
        client.endWrites()
        try Wait.until("the end") {
            stand.serve()
            return stand.connection.isFinished
        }
        _ = shutdown(stand.connection.number, CInt(SHUT_RDWR))
        thread.join()
        #expect(readAll.take() == [8 * 8192])
    }

    @Test("a line of 64 KiB is taken, a longer one is refused, and the next one is answered")
    func longLine() throws {
        let stand = try ConnectionStand()
        let longest = String(repeating: "x", count: Request.longestLine)
        for (line, code) in [(longest, Reply.ErrorCode.unknown), (longest + "x", .usage)] {
            let bytes = Array((line + "\nnovel\n").utf8)
            var rest = bytes[...]
            while !rest.isEmpty {
                rest = rest.dropFirst(try stand.client.sendSome(rest))
                stand.serve()
            }
            #expect(try stand.replies().map(\.code) == [code, .unknown])
        }
    }

    @Test(
        "binary garbage costs its sender an error per line, and nobody anything else",
        arguments: 1...5 as ClosedRange<UInt64>)
    func garbage(seed: UInt64) throws {
        let stand = try ConnectionStand()
        let bytes = SeededGenerator.bytes(100_000, seed: seed)
        var rest = bytes[...]
        var replies: [Reply] = []
        while !rest.isEmpty {
            rest = rest.dropFirst(try stand.client.sendSome(rest))
            stand.serve()
            replies += try stand.replies()
        }
        try stand.client.send("\nshow services\n")
        try Wait.until("the last reply") {
            stand.serve()
            replies += try stand.replies()
            return replies.last?.lineCount == 2
        }
        #expect(replies.dropLast().allSatisfy { $0.code != nil })
        #expect(replies.count >= 300)
    }

    @Test(
        "a line that is not a request is a usage error",
        arguments: [[0xFF, 0xFE], [0x22], Array("\"\\x\"".utf8), [0x00], [0x1B, 0x5B]] as [[UInt8]])
    func notRequest(line: [UInt8]) throws {
        let stand = try ConnectionStand()
        try stand.client.send(line + [10])
        stand.serve()
        #expect(try stand.replies().map(\.code) == [.usage])
    }

    @Test("after the end of input the connection is finished behind the last reply")
    func endOfInput() throws {
        let stand = try ConnectionStand()
        stand.daemon.isSlow = true
        try stand.client.send("show channels\nshow services\nshow wor")
        stand.client.endWrites()
        stand.serve()
        #expect(!stand.connection.isFinished)
        stand.daemon.answerAll()
        stand.serve()
        #expect(stand.connection.isFinished)
        #expect(try stand.replies().map(\.lineCount) == [5, 2])
    }

    @Test("an end of input without a request finishes at once")
    func endAtOnce() throws {
        let stand = try ConnectionStand()
        stand.client.endWrites()
        stand.serve()
        #expect(stand.connection.isFinished)
    }

    @Test("a reader that stops reading stops being read, and goes on where it was")
    func slowReader() throws {
        let stand = try ConnectionStand()
        let request = Array("describe\n".utf8)
        var sent = 0
        var isStuck = false
        // Until neither side can move: what is unread is in the kernel, not in the daemon.
        while !isStuck {
            let bytes = request[(sent % request.count)...]
            let count = try stand.client.sendSome(bytes)
            sent += count
            stand.serve()
            isStuck = count == 0 && !stand.connection.interest.contains(.readable)
            if sent > 4 << 20 { throw Missing("an end to what is taken") }
        }
        #expect(stand.connection.interest == .writable)
        let asked = sent / request.count
        // Give back what was begun, so that the last request is whole.
        let unfinished = sent % request.count
        var replies: [Reply] = []
        var rest = unfinished == 0 ? [] : request[unfinished...]
        while replies.count < asked + (unfinished == 0 ? 0 : 1) {
            replies += try stand.replies()
            if !rest.isEmpty { rest = rest.dropFirst(try stand.client.sendSome(rest)) }
            stand.serve()
        }
        let lineCount = CommandTable.entries.count + 1
        #expect(replies.allSatisfy { $0.lineCount == lineCount })
    }

    @Test("one request waits for workers at a time, however many are sent")
    func outstanding() throws {
        let stand = try ConnectionStand()
        stand.daemon.isSlow = true
        try stand.client.send(String(repeating: "show channels\n", count: 500))
        stand.serve()
        #expect(stand.daemon.pending.count == 1)
        #expect(!stand.connection.interest.contains(.readable))
        for _ in 0..<500 {
            #expect(stand.daemon.pending.count == 1)
            stand.daemon.answerAll()
            stand.serve()
            _ = try stand.replies()
        }
        #expect(stand.daemon.pending.isEmpty)
    }

    @Test("an answer for a connection that has gone reaches nobody")
    func gone() throws {
        var stand: ConnectionStand? = try ConnectionStand()
        let daemon = try #require(stand?.daemon)
        daemon.isSlow = true
        try stand?.client.send("show channels\n")
        stand?.serve()
        #expect(daemon.pending.count == 1)
        stand = nil
        daemon.answerAll()
    }

    // MARK: Limits

    @Test("a connection that asks nothing for too long ends, whatever it asked before")
    func idle() throws {
        let stand = try ConnectionStand(idleLimit: .seconds(60))
        #expect(stand.connection.nextDue == .at(160))
        stand.connection.meetDeadlines(now: .at(159))
        #expect(!stand.connection.isFinished)
        stand.daemon.now = .at(159)
        #expect(try stand.replies(to: "show services\n").count == 1)
        #expect(stand.connection.nextDue == .at(219))
        stand.connection.meetDeadlines(now: .at(219))
        #expect(stand.connection.isFinished)
        #expect(stand.connection.end == .idle)
    }

    @Test("whoever watches, or waits for an answer, is not idle")
    func notIdle() throws {
        let stand = try ConnectionStand(idleLimit: .seconds(60))
        #expect(try stand.replies(to: "watch 100 show services\n").count == 1)
        #expect(stand.connection.nextDue == .at(200))
        stand.daemon.isSlow = true
        #expect(try stand.replies(to: "show channels\n").isEmpty)
        #expect(stand.connection.nextDue == nil)
        stand.daemon.answerAll()
        #expect(stand.connection.nextDue == .at(160))
    }

    @Test("a reader that takes nothing while replies wait is cut, one that takes a little is not")
    func slow() throws {
        let usage = ControlUsage()
        var stand: ConnectionStand? = try ConnectionStand(usage: usage)
        let connection = try #require(stand?.connection)
        let request = Array("describe\n".utf8)
        while connection.interest.contains(.readable) {
            _ = try stand?.client.sendSome(request[...])
            stand?.serve()
        }
        #expect(usage.unsentBytes > 0)
        #expect(connection.nextDue == .at(130))
        stand?.daemon.now = .at(120)
        while connection.nextDue == .at(130) {
            _ = stand?.client.receiveSome()
            stand?.serve()
        }
        while connection.interest.contains(.readable) {
            _ = try stand?.client.sendSome(request[...])
            stand?.serve()
        }
        #expect(connection.nextDue == .at(150))
        connection.meetDeadlines(now: .at(149))
        #expect(connection.end == nil)
        connection.meetDeadlines(now: .at(150))
        #expect(connection.end == .slow)
        #expect(connection.isFinished)
        stand = nil
    }

    @Test("what a connection had unsent is given back with it")
    func givesBack() throws {
        let usage = ControlUsage()
        do {
            let stand = try ConnectionStand(usage: usage)
            while usage.unsentBytes == 0 {
                _ = try stand.client.sendSome(Array("describe\n".utf8)[...])
                stand.serve()
            }
        }
        #expect(usage.unsentBytes == 0)
    }

    @Test(
        "a reply that finds no room beside those that wait is an error, and the next one is answered"
    )
    func noRoom() throws {
        let usage = ControlUsage()
        let stand = try ConnectionStand(usage: usage)
        usage.unsentBytes = ControlUsage.mostUnsent - 100
        #expect(try stand.replies(to: "describe\n").map(\.code) == [.busy])
        usage.unsentBytes = 0
        #expect(try stand.replies(to: "show services\n").map(\.lineCount) == [2])
        #expect(usage.unsentBytes == 0)
    }

    @Test("a reply has room up to what one may have, and all of them together")
    func room() {
        let usage = ControlUsage()
        #expect(usage.hasRoom(for: ControlUsage.mostUnsentOfOne))
        #expect(!usage.hasRoom(for: ControlUsage.mostUnsentOfOne + 1))
        usage.unsentBytes = ControlUsage.mostUnsent - 10
        #expect(usage.hasRoom(for: 10))
        #expect(!usage.hasRoom(for: 11))
    }

    // MARK: Watching

    @Test("watch answers now and per interval, until the next line")
    func watch() throws {
        let stand = try ConnectionStand()
        stand.daemon.now = .at(100)
        #expect(try stand.replies(to: "watch 2 show services\n").map(\.lineCount) == [2])
        #expect(stand.connection.watchDue == .at(102))
        stand.connection.tick(now: .at(102))
        #expect(try stand.replies().map(\.lineCount) == [2])
        #expect(stand.connection.watchDue == .at(104))
        #expect(try stand.replies(to: "novel\n").map(\.code) == [.unknown])
        #expect(stand.connection.watchDue == nil)
        stand.connection.tick(now: .at(104))
        #expect(try stand.replies().isEmpty)
    }

    @Test(
        "an empty line ends a watch without an answer, and so does the end of input",
        arguments: [true, false])
    func watchEnds(isLine: Bool) throws {
        let stand = try ConnectionStand()
        #expect(try stand.replies(to: "watch 1 show services\n").count == 1)
        if isLine {
            #expect(try stand.replies(to: "\n").isEmpty)
            #expect(!stand.connection.isFinished)
        } else {
            stand.client.endWrites()
            stand.serve()
            #expect(stand.connection.isFinished)
        }
        #expect(stand.connection.watchDue == nil)
    }

    @Test("a watch whose answer is late or unread skips its turn")
    func watchLate() throws {
        let stand = try ConnectionStand()
        stand.daemon.isSlow = true
        stand.daemon.now = .at(100)
        #expect(try stand.replies(to: "watch 1 show channels\n").isEmpty)
        for second in 101...105 { stand.connection.tick(now: .at(second)) }
        #expect(stand.daemon.pending.count == 1)
        #expect(stand.connection.watchDue == nil)
        stand.daemon.answerAll()
        #expect(try stand.replies().map(\.lineCount) == [5])
        #expect(stand.connection.watchDue != nil)
    }

    @Test(
        "a watch needs an interval and a command",
        arguments: [
            "watch", "watch 1", "watch x show services", "watch 0 show services",
            "watch 0.05 show services", "watch 100000 show services", "watch 1 watch 1 hello",
            "watch -1 hello",
        ])
    func watchMistakes(line: String) throws {
        let stand = try ConnectionStand()
        #expect(try stand.replies(to: line + "\n").map(\.code) == [.usage])
        #expect(stand.connection.watchDue == nil)
    }
}

@Suite("Control server", .timeLimit(.untilHung))
struct ControlServerTests {
    private let folder: TestFolder
    private let daemon: FakeDaemon

    init() throws {
        folder = try TestFolder()
        daemon = try FakeDaemon.make()
    }

    private func settings(mode: UInt32 = 0o600, group: String? = nil) -> ControlConfiguration {
        ControlConfiguration(path: folder.file("c.sock"), mode: mode, group: group)
    }

    /// Serves as the supervisor's loop does, until a condition holds.
    private func serve(
        _ server: ControlServer, _ poller: borrowing Poller, until isDone: () throws -> Bool
    ) throws {
        let start = Instant.now
        while try !isDone() {
            for event in 0..<poller.wait(milliseconds: 5) {
                let (token, readiness) = poller[event]
                switch token.kind {
                case .controlListener: server.acceptAll(poller: poller)
                case .control: server.resume(token, readiness, poller: poller)
                default: break
                }
            }
            server.meetDeadlines(poller: poller)
            guard Instant.now.milliseconds(since: start) < UInt64(Wait.patience) else {
                throw Missing("an end")
            }
        }
    }

    @Test("a conversation over the socket, from connect to close")
    func conversation() throws {
        let server = try ControlServer(settings())
        let poller = try Poller()
        server.start(with: daemon, poller: poller)
        let client = try TestSocket.connect(to: .unix(path: server.path))
        try client.send("show services\nkill session 4711\n")
        client.endWrites()
        var text = ""
        try serve(server, poller) {
            switch client.receiveSome() {
            case .bytes(let bytes): text += String(decoding: bytes, as: UTF8.self)
            case .end: return true
            case .nothing: break
            case .failed(let number): throw SystemError("recv", number)
            }
            return false
        }
        #expect(text.hasPrefix("OK 2 generation=1 "))
        #expect(text.hasSuffix("\nERR not-found no session 4711; it may have ended\n"))
        server.close()
        #expect(folder.names.isEmpty)
    }

    @Test("a watch is answered again when its interval is over")
    func watch() throws {
        let server = try ControlServer(settings())
        let poller = try Poller()
        server.start(with: daemon, poller: poller)
        let client = try TestSocket.connect(to: .unix(path: server.path))
        try client.send("watch 0.1 show services\n")
        var reader = ReplyReader()
        var count = 0
        try serve(server, poller) {
            if case .bytes(let bytes) = client.receiveSome() { reader.append(bytes) }
            while try reader.next() != nil { count += 1 }
            daemon.now = .now
            return count == 3
        }
        #expect(server.nextDeadline != nil)
    }

    @Test("past the most connections the next one is told to come back, and the others stay")
    func busy() throws {
        let server = try ControlServer(settings())
        let poller = try Poller()
        server.start(with: daemon, poller: poller)
        let endpoint = Endpoint.unix(path: server.path)
        var clients: [TestSocket] = []
        for _ in 0..<ControlUsage.mostClients {
            let client = try TestSocket.connect(to: endpoint)
            clients.append(client)
            try client.send("show services\n")
            try serve(server, poller) { Wait.poll(client.number, POLLIN, milliseconds: 0) != nil }
        }
        let late = try TestSocket.connect(to: endpoint)
        var text = ""
        try serve(server, poller) {
            if case .bytes(let bytes) = late.receiveSome() {
                text = String(decoding: bytes, as: UTF8.self)
            }
            return !text.isEmpty
        }
        #expect(text == "ERR busy 64 connections are open already\n")
        #expect(late.receiveSome() == .end)
        // One leaves, and once that is seen another one may come.
        clients.removeLast()
        var next = try TestSocket.connect(to: endpoint)
        try next.send("show services\n")
        try serve(server, poller) {
            guard case .bytes(let bytes) = next.receiveSome() else { return false }
            if bytes.starts(with: Array("OK 2".utf8)) { return true }
            next = try TestSocket.connect(to: endpoint)
            try next.send("show services\n")
            return false
        }
    }

    @Test("a socket that another daemon answers at is refused, with the remedy")
    func alive() throws {
        let server = try ControlServer(settings())
        let error = #expect(throws: StartError.self) { _ = try ControlServer(settings()) }
        #expect(error?.code == .unavailable)
        #expect(
            error?.message
                == "another daemon answers on control socket \(server.path); "
                + "end it, or give this one another with --control")
    }

    @Test(
        "a directory where anybody could replace the socket is refused, with the remedy",
        arguments: [(0o777, true), (0o1777, false), (0o775, false), (0o700, false)]
            as [(UInt32, Bool)])
    func openFolder(mode: UInt32, isRefused: Bool) throws {
        _ = unsafe chmod(folder.path, mode)
        guard isRefused else {
            try ControlServer(settings()).close()
            return
        }
        let error = #expect(throws: StartError.self) { _ = try ControlServer(settings()) }
        #expect(error?.code == .permission)
        #expect(error?.message.contains("take that away (chmod o-w)") == true)
        #expect(folder.names.isEmpty)
    }

    @Test("a directory of another user is refused", .enabled(if: geteuid() == 0))
    func foreignFolder() throws {
        _ = unsafe chown(folder.path, 65_534, 65_534)
        let error = #expect(throws: StartError.self) { _ = try ControlServer(settings()) }
        #expect(error?.code == .permission)
        #expect(error?.message.contains("belongs to user 65534") == true)
    }

    @Test("a plain file in its place, and a group that does not exist, are named")
    func places() throws {
        try folder.write("precious", to: "c.sock")
        let occupied = #expect(throws: StartError.self) { _ = try ControlServer(settings()) }
        #expect(occupied?.message.contains("a file that is not a socket is in the way") == true)
        #expect(occupied?.message.contains(folder.file("c.sock")) == true)
        let group = #expect(throws: StartError.self) {
            _ = try ControlServer(settings(group: "no-such-group"))
        }
        #expect(group?.code == .configuration)
        #expect(group?.message.contains("no-such-group") == true)
    }
}
