import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

/// A log whose records are its lines.
private struct PlainLines: LogLines {
    mutating func put(_ record: String, into lines: inout LineBuffer) {
        lines.begin(.info, at: .at(1))
        lines.append(record)
        lines.end()
    }
}

@Suite("Log writer", .timeLimit(.untilHung))
struct LogWriterTests {
    private static func writer(_ limit: Int = 1000) throws -> LogWriter<PlainLines> {
        // As the daemon does.
        _ = signal(SIGPIPE, SIG_IGN)
        return try LogWriter(name: "test log", limit: limit)
    }

    private static func read(_ path: String) throws -> [String] {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw SystemError("open") }
        let file = FileDescriptor(owning: number)
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(file.number, &block, block.count)
            guard count > 0 else { break }
            bytes += block[..<count]
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("lines are written in their order, all of them, once")
    func order() throws {
        let folder = try TestFolder()
        let target = LogTarget(.file(folder.file("log")))
        let writer = try Self.writer(100_000)
        try writer.start(try LogSink(target, isAccess: true), PlainLines())
        let lines = (0..<20_000).map { "line \($0)" }
        for line in lines { writer.queue.post(line) }
        #expect(writer.finish(within: .seconds(60)))
        #expect(try Self.read(folder.file("log")) == lines)
        #expect(writer.usage.written == 20_000)
        #expect(writer.usage.waiting == 0)
        #expect(writer.usage.lost == 0)
    }

    @Test("a file that is moved and opened again loses no line and repeats none")
    func reopened() throws {
        let folder = try TestFolder()
        let path = folder.file("log")
        let writer = try Self.writer(100_000)
        try writer.start(
            try LogSink(LogTarget(.file(path)), isAccess: true), PlainLines())
        var names: [String] = []
        for round in 0..<10 {
            for number in 0..<1000 { writer.queue.post("\(round * 1000 + number)") }
            let name = "log.\(round)"
            _ = unsafe rename(path, folder.file(name))
            names.append(name)
            let done = try BoundedQueue<String?>(limit: 1)
            writer.order(.reopen { done.post($0?.words) })
            var answer: [String?] = []
            try Wait.until("the file is open again") { done.take(into: &answer) }
            #expect(answer == [nil])
        }
        #expect(writer.finish(within: .seconds(60)))
        let all = try (names + ["log"]).flatMap { try Self.read(folder.file($0)) }
        #expect(all == (0..<10_000).map { "\($0)" })
    }

    @Test("a file that cannot be opened again leaves the old one in use")
    func kept() throws {
        let folder = try TestFolder()
        let path = folder.file("log")
        let writer = try Self.writer()
        try writer.start(
            try LogSink(LogTarget(.file(path)), isAccess: true), PlainLines())
        _ = unsafe rename(path, folder.file("old"))
        #expect(unsafe mkdir(path, 0o700) == 0)
        let done = try BoundedQueue<String?>(limit: 1)
        writer.order(.reopen { done.post($0?.words) })
        var answer: [String?] = []
        try Wait.until("an answer") { done.take(into: &answer) }
        #expect(answer == ["open: Is a directory"])
        writer.queue.post("still")
        #expect(writer.finish(within: .seconds(60)))
        #expect(try Self.read(folder.file("old")) == ["still"])
        _ = unsafe rmdir(path)
    }

    @Test("a full disk costs nobody time: what has no room is counted, and why is known")
    func full() throws {
        let writer = try Self.writer(100)
        try writer.start(
            try LogSink(LogTarget(.file("/dev/full")), isAccess: true), PlainLines())
        writer.queue.post("first")
        try Wait.until("trouble") { writer.usage.trouble != nil }
        #expect(writer.usage.trouble == "write: No space left on device")
        for number in 0..<150 { writer.queue.post("\(number)") }
        #expect(writer.usage.lost == 50)
        #expect(writer.usage.waiting == 101)
        // It may be another file that the disk has room for.
        let folder = try TestFolder()
        let good = try LogSink(LogTarget(.file(folder.file("log"))), isAccess: true)
        writer.order(.use(good, PlainLines()))
        #expect(writer.finish(within: .seconds(60)))
        #expect(try Self.read(folder.file("log")) == ["first"] + (0..<100).map { "\($0)" })
        #expect(writer.usage.trouble == nil)
    }

    @Test("a reader that reads nothing holds up neither those who log nor the end")
    func stuck() throws {
        let folder = try TestFolder()
        let path = folder.file("fifo")
        #expect(unsafe mkfifo(path, 0o600) == 0)
        let reader = FileDescriptor(owning: unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC))
        let writer = try Self.writer(1000)
        try writer.start(
            try LogSink(LogTarget(.file(path)), isAccess: true), PlainLines())
        let line = String(repeating: "x", count: 99)
        for _ in 0..<3000 { writer.queue.post(line) }
        let began = Instant.now
        #expect(!writer.finish(within: .milliseconds(200)))
        #expect(Instant.now.milliseconds(since: began) < 20_000)
        #expect(writer.usage.waiting > 0)
        _ = reader
    }

    @Test("a FIFO that nobody reads is refused, and so is another user's link")
    func opening() throws {
        let folder = try TestFolder()
        #expect(unsafe mkfifo(folder.file("fifo"), 0o600) == 0)
        let error = #expect(throws: LogFile.Failure.self) {
            _ = try LogFile.open(folder.file("fifo"))
        }
        #expect(error?.words.hasSuffix("no process reads this FIFO") == true)
        // Our own link leads where it leads.
        #expect(unsafe symlink(folder.file("real"), folder.file("link")) == 0)
        _ = try LogFile.open(folder.file("link"))
        #expect(folder.names.contains("real"))
        var status = stat()
        #expect(unsafe stat(folder.file("real"), &status) == 0)
        #expect(status.st_mode & 0o777 & ~0o640 == 0)
        guard geteuid() == 0 else { return }
        #expect(unsafe lchown(folder.file("link"), 65_534, 65_534) == 0)
        let foreign = #expect(throws: LogFile.Failure.self) {
            _ = try LogFile.open(folder.file("link"))
        }
        #expect(foreign?.words.hasPrefix("it is a symbolic link of user 65534") == true)
    }

    private static func datagrams(_ path: String) throws -> FileDescriptor {
        let number = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        let descriptor = FileDescriptor(owning: number)
        try Socket.bind(descriptor, to: try SocketAddress.of(.unix(path: path)))
        return descriptor
    }

    private static func next(_ socket: borrowing FileDescriptor) throws -> String {
        guard Wait.poll(socket.number, POLLIN) != nil else { throw Missing("a datagram") }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = unsafe recv(socket.number, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    @Test("syslog gets a datagram per line; one that is started again gets those that waited")
    func syslog() throws {
        let folder = try TestFolder()
        let path = folder.file("dev-log")
        var target = LogTarget(.syslog)
        target.socket = path
        target.ident = "relay"
        target.facility = .uucp
        target.severity = .notice
        let writer = try Self.writer()
        do {
            let first = try Self.datagrams(path)
            try writer.start(try LogSink(target, isAccess: true), PlainLines())
            writer.queue.post("one")
            let line = try Self.next(first)
            #expect(line.hasPrefix("<69>"))
            #expect(line.hasSuffix(" relay[\(getpid())]: one"))
        }
        _ = unsafe unlink(path)
        writer.queue.post("two")
        try Wait.until("trouble") { writer.usage.trouble != nil }
        let second = try Self.datagrams(path)
        writer.queue.post("three")
        #expect(try Self.next(second).hasSuffix(": two"))
        #expect(try Self.next(second).hasSuffix(": three"))
        #expect(writer.finish(within: .seconds(60)))
        #expect(writer.usage.lost == 0)
        #expect(writer.usage.trouble == nil)
    }

    @Test("a syslog that takes nothing makes lines wait, and nobody else")
    func blocked() throws {
        let folder = try TestFolder()
        var target = LogTarget(.syslog)
        target.socket = folder.file("dev-log")
        let reader = try Self.datagrams(folder.file("dev-log"))
        let writer = try Self.writer(100)
        try writer.start(try LogSink(target, isAccess: true), PlainLines())
        for number in 0..<1000 { writer.queue.post("line \(number)") }
        let lost = writer.usage.lost
        #expect(lost > 0)
        for _ in 0..<(1000 - lost) { _ = try Self.next(reader) }
        #expect(writer.finish(within: .seconds(60)))
    }

    @Test("journald gets fields")
    func journal() throws {
        let folder = try TestFolder()
        var target = LogTarget(.journald)
        target.socket = folder.file("journal")
        let reader = try Self.datagrams(folder.file("journal"))
        let writer = try Self.writer()
        try writer.start(try LogSink(target, isAccess: false), PlainLines())
        writer.queue.post("what happened")
        #expect(
            try Self.next(reader) == """
                PRIORITY=6
                SYSLOG_FACILITY=3
                SYSLOG_IDENTIFIER=proxyd
                SYSLOG_PID=\(getpid())
                MESSAGE=what happened

                """)
        #expect(writer.finish(within: .seconds(60)))
    }
}

@Suite("Log queue")
struct BoundedQueueTests {
    @Test("what has no room is counted, and some room can be left to others")
    func bounded() throws {
        let queue = try BoundedQueue<Int>(limit: 4)
        #expect((0..<3).allSatisfy { queue.post($0, leaving: 1) })
        #expect(!queue.post(3, leaving: 1))
        #expect(queue.post(4))
        #expect(!queue.post(5))
        #expect(queue.tally == .init(accepted: 4, dropped: 2))
        var values: [Int] = []
        let isFound = queue.take(into: &values)
        #expect(isFound)
        #expect(values == [0, 1, 2, 4])
        let isFoundAgain = queue.take(into: &values)
        #expect(!isFoundAgain)
        #expect(values.isEmpty)
    }

    @Test("the reader is woken once, and only when it sleeps")
    func wakes() throws {
        let queue = try BoundedQueue<Int>(limit: 10)
        var values: [Int] = []
        func isAwake() -> Bool { Wait.poll(queue.descriptor, POLLIN, milliseconds: 0) != nil }
        queue.post(1)
        #expect(!isAwake())
        _ = queue.take(into: &values)
        _ = queue.take(into: &values)
        queue.post(2)
        #expect(isAwake())
        queue.clear()
        queue.post(3)
        #expect(!isAwake())
        _ = queue.take(into: &values)
        #expect(values == [2, 3])
    }
}

@Suite("Watching logs")
struct LogWatchTests {
    @Test("trouble and its end are told once, lost lines every ten seconds")
    func news() {
        var watch = LogWatch(name: "access log")
        func look(lost: UInt64, _ trouble: String?, at second: Int) -> [LogWatch.News] {
            watch.look(
                at: LogUsage(limit: 10, lost: lost, trouble: trouble), target: "/l",
                now: .at(second))
        }
        #expect(look(lost: 0, nil, at: 1) == [])
        #expect(look(lost: 0, "full", at: 2) == [.failed(log: "access log /l", why: "full")])
        #expect(look(lost: 0, "full", at: 3) == [])
        #expect(
            look(lost: 7, "full", at: 4) == [.lost(log: "access log /l", count: 7, why: "full")])
        #expect(look(lost: 9, "full", at: 13) == [])
        #expect(
            look(lost: 9, nil, at: 14) == [
                .returned(log: "access log /l"),
                .lost(log: "access log /l", count: 2, why: "10 lines wait already"),
            ])
        #expect(look(lost: 9, nil, at: 30) == [])
    }
}

@Suite("Sessions that go on")
struct AccessSweepTests {
    @Test("a session is told of once per interval, wherever it stands")
    func intervals() {
        var sweep = AccessSweep()
        let every: UInt64 = 10_000_000_000
        var told: [Int] = []
        for second in 0..<45 {
            let slots = sweep.next(of: 1, every: every, now: .at(100 + second))
            #expect(slots == 0..<1)
            if sweep.isDue(.at(103), every: every) { told.append(second) }
        }
        #expect(told == [13, 23, 33, 43])
    }

    @Test("many sessions are looked at a few at a time, each once")
    func slices() {
        var sweep = AccessSweep()
        var seen: [Int] = []
        for _ in 0..<4 {
            seen += sweep.next(of: 2500, every: 1_000_000_000, now: .at(5))
            #expect(sweep.isUnderWay == (seen.count < 2500))
        }
        #expect(seen == Array(0..<2500))
        #expect(sweep.due == .at(6))
    }
}
