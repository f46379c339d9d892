import CLinux
import Glibc
import Shared
import TestAuthority
import Testing

@testable import proxyd

/// The table of docs/limits.md, “What becomes of bytes on their way”: what of them arrives, for each way a session can end.
@Suite("Bytes on their way", .serialized, .timeLimit(.untilHung))
struct SessionFlushTests {
    typealias Settings = WorkerStand.Settings

    /// How the session is served, and which side sends.
    struct Course: Sendable, CustomTestStringConvertible {
        var mode: RelayMode
        var writer: Side
        /// The reader speaks TLS.
        var isSecured = false

        var testDescription: String { "\(writer) sends, \(mode)\(isSecured ? ", TLS" : "")" }

        static let all: [Course] = [Side.client, .channel].flatMap { writer in
            RelayMode.allCases.map { Course(mode: $0, writer: writer) }
                + [Course(mode: .adaptive, writer: writer, isSecured: true)]
        }
    }

    /// A session whose reader reads nothing of its own accord, and what the writer has sent.
    private struct Stalled {
        let stand: WorkerStand
        let writer: TestSocket
        let reader: any TestEnd
        let door: TestDoor
        var sent: [UInt8] = []

        /// Fills every buffer on the way; returns what our side has acknowledged of it.
        mutating func fill() throws -> [UInt8] {
            let stream = SeededGenerator.bytes(1_000_003, seed: 9)
            var count = 0
            while Wait.poll(writer.number, POLLOUT, milliseconds: 100) != nil {
                let start = count % stream.count
                let moved = try writer.sendSome(stream[start...].prefix(65_536))
                sent += stream[start..<start + moved]
                count += moved
                guard count < 200 << 20 else { throw Missing("an end to what the proxy takes") }
            }
            var waiting: CInt = 0
            _ = unsafe ioctl(writer.number, UInt(TIOCOUTQ), &waiting)
            return Array(sent.prefix(count - Int(waiting)))
        }

        /// Waits until the session is over, and only delivers.
        func awaitFlush() throws {
            try Wait.until("a session that delivers what is on its way") {
                try stand.sessions().contains { record in
                    if case .flushing = record.phase { true } else { false }
                }
            }
        }

        func receiveEverything() throws -> (bytes: [UInt8], end: TestSocket.Received) {
            var bytes: [UInt8] = []
            while true {
                let received = try reader.receiveNext()
                guard case .bytes(let some) = received else { return (bytes, received) }
                bytes += some
            }
        }
    }

    private func stalled(_ course: Course, _ change: (inout Settings) -> Void = { _ in }) throws
        -> Stalled
    {
        var settings = Settings(mode: course.mode)
        let authority = try TestAuthority()
        let issued = try authority.issue("server", for: ["server.example", "127.0.0.1"])
        let tls = TLSListenerConfiguration(certificates: [
            CertificateConfiguration(certificate: issued.certificate, key: issued.key)
        ])
        if course.isSecured {
            if course.writer == .channel {
                settings.tls = tls
            } else {
                settings.channelTLS = TLSChannelConfiguration(ca: authority.certificate)
            }
        }
        change(&settings)
        let door = try TestDoor()
        if course.writer == .client { Self.narrow(door.number) }
        let stand = try WorkerStand([door.endpoint], settings)
        let socket = try course.writer == .channel ? Self.narrowClient(of: stand) : stand.connect()
        var client: any TestEnd = socket
        if course.isSecured, course.writer == .channel {
            client = try TestTLS.client(socket, .trusting()).agree()
        }
        let accepted = try door.accept()
        guard course.writer == .client else {
            return Stalled(stand: stand, writer: accepted, reader: client, door: door)
        }
        var channel: any TestEnd = accepted
        if course.isSecured { channel = try TestTLS.server(accepted, TLSServer(tls)).agree() }
        return Stalled(stand: stand, writer: socket, reader: channel, door: door)
    }

    /// Takes little before it is read.
    private static func narrow(_ number: CInt) {
        var bytes: CInt = 4096
        let size = socklen_t(MemoryLayout<CInt>.size)
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_RCVBUF, &bytes, size)
    }

    private static func narrowClient(of stand: WorkerStand) throws -> TestSocket {
        guard let address = SocketAddress(stand.endpoint) else { throw Missing("an address") }
        let descriptor = try Socket.open(family: address.family)
        narrow(descriptor.number)
        if case .failed(let number) = Socket.connect(descriptor, to: address) {
            throw SystemError("connect", number)
        }
        guard Wait.poll(descriptor.number, POLLOUT) != nil else { throw Missing("connect") }
        return TestSocket(owning: descriptor.release())
    }

    // MARK: Reset, TLS alert

    @Test("a reset comes behind the bytes that were sent before it", arguments: Course.all)
    func reset(course: Course) throws {
        var session = try stalled(course)
        let acknowledged = try session.fill()
        session.writer.reset()
        try session.awaitFlush()
        // One that has nothing to do meanwhile sleeps.
        let turns = try session.stand.report().turns
        _ = Wait.poll(session.door.number, POLLIN, milliseconds: 300)
        #expect(try session.stand.report().turns - turns < 50)
        let (bytes, end) = try session.receiveEverything()
        #expect(bytes.count >= acknowledged.count)
        let isPrefix = session.sent.starts(with: bytes)
        #expect(isPrefix)
        #expect(end == .failed(ECONNRESET))
        let (record, reason) = try session.stand.nextEnd()
        #expect("\(reason)" == (course.writer == .client ? "CD reset" : "SD reset"))
        let flow = course.writer == .client ? record.inward : record.outward
        #expect(flow.byteCount == UInt64(bytes.count))
        #expect(session.stand.isEverythingBack)
    }

    @Test("what a client sends right before its reset reaches the channel first")
    func hastyClient() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint])
        for _ in 0..<50 {
            let client = try stand.connect()
            try client.send("last words")
            client.reset()
            let channel = try door.accept()
            #expect(try channel.receiveText(10) == "last words")
            #expect(try channel.receiveNext() == .failed(ECONNRESET))
        }
        #expect(stand.isEverythingBack)
    }

    @Test("what came before TLS broke is delivered, then a reset")
    func brokenTLS() throws {
        let authority = try TestAuthority()
        let issued = try authority.issue("server", for: ["server.example", "127.0.0.1"])
        let door = try TestDoor()
        Self.narrow(door.number)
        let stand = try WorkerStand(
            [door.endpoint],
            Settings(
                tls: TLSListenerConfiguration(certificates: [
                    CertificateConfiguration(certificate: issued.certificate, key: issued.key)
                ])))
        let client = try TestTLS.client(try stand.connect(), .trusting()).agree()
        let channel = try door.accept()
        let bytes = SeededGenerator.bytes(200_000, seed: 3)
        try client.send(bytes)
        try client.socket.send("this is no record of TLS, whatever it is")
        var received: [UInt8] = []
        while case .bytes(let some) = try channel.receiveNext() { received += some }
        let isWhole = received == bytes
        #expect(isWhole, "\(received.count) of \(bytes.count)")
        #expect("\(try stand.nextEnd().reason)" == "CD tls")
        #expect(stand.isEverythingBack)
    }

    // MARK: Shutdown

    @Test(
        "an answer whose sender has closed arrives whole while the daemon ends",
        arguments: Course.all)
    func shutdown(course: Course) throws {
        let session = try stalled(course)
        let answer = SeededGenerator.bytes(300_000, seed: 4)
        try session.writer.send("hello")
        #expect(try session.reader.receiveText(5) == "hello")
        // As much as is taken while the reader does not read; the rest is the kernel's to send.
        var size: CInt = 1 << 20
        let length = socklen_t(MemoryLayout<CInt>.size)
        _ = unsafe setsockopt(session.writer.number, SOL_SOCKET, SO_SNDBUF, &size, length)
        try session.writer.send(answer)
        session.writer.endWrites()
        session.stand.post(.stop)
        let (bytes, end) = try session.receiveEverything()
        let isWhole = bytes == answer
        #expect(isWhole, "\(bytes.count) of \(answer.count)")
        #expect(end == .end)
        #expect("\(try session.stand.nextEnd().reason.cause)" == "shutdown")
        session.stand.stop()
        #expect(session.stand.isEverythingBack)
    }

    @Test("a reader that reads nothing does not hold the end up for long")
    func shutdownWithoutReader() throws {
        var session = try stalled(Course(mode: .adaptive, writer: .channel))
        _ = try session.fill()
        let start = Instant.now
        session.stand.stop()
        #expect((4_000...30_000).contains(Instant.now.milliseconds(since: start)))
        #expect(session.stand.isEverythingBack)
    }

    @Test("sessions with nothing on its way end with the daemon at once", arguments: Course.all)
    func quickShutdown(course: Course) throws {
        let session = try stalled(course)
        try session.writer.send("hello")
        #expect(try session.reader.receiveText(5) == "hello")
        try session.stand.awaitRelaying(1)
        let start = Instant.now
        session.stand.stop()
        #expect(Instant.now.milliseconds(since: start) < 3_000)
        #expect(session.stand.isEverythingBack)
    }

    @Test("a reader that takes anything of what the kernel has is not stalled")
    func slowReader() {
        let start = Instant(nanoseconds: 1_000_000_000)
        var flush = Session.Flush(now: start, atShutdown: false)
        flush.noteUnacknowledged(100_000, now: start)
        let later = start.advanced(by: .seconds(9))
        flush.noteUnacknowledged(99_000, now: later)
        #expect(flush.stalledAt == later.advanced(by: .seconds(10)))
        flush.noteUnacknowledged(99_000, now: later.advanced(by: .seconds(5)))
        #expect(flush.stalledAt == later.advanced(by: .seconds(10)))
        #expect(flush.latest == start.advanced(by: .seconds(60)))
    }

    // MARK: Timeouts, cuts

    @Test(
        "a session that is idle because its reader is slow delivers what it has",
        arguments: Course.all)
    func idle(course: Course) throws {
        var session = try stalled(course) { $0.timeouts.idle = .seconds(2) }
        let acknowledged = try session.fill()
        try session.awaitFlush()
        let (bytes, _) = try session.receiveEverything()
        #expect(bytes.count >= acknowledged.count)
        let isPrefix = session.sent.starts(with: bytes)
        #expect(isPrefix)
        #expect(try session.stand.nextEnd().reason.cause == .timeout)
        #expect(session.stand.isEverythingBack)
    }

    @Test("a cut is immediate, also of a session that only delivers", arguments: [false, true])
    func cut(whileFlushing: Bool) throws {
        var session = try stalled(Course(mode: .adaptive, writer: .channel))
        _ = try session.fill()
        if whileFlushing {
            session.writer.reset()
            try session.awaitFlush()
        }
        let id = try #require(try session.stand.sessions().first).id
        _ = try session.stand.ask { .cutSession(id: id, question: $0) }
        #expect("\(try session.stand.nextEnd().reason)" == (whileFlushing ? "SD reset" : "KD cut"))
        #expect(session.stand.isEverythingBack)
        #expect(try session.receiveEverything().end == .failed(ECONNRESET))
    }
}
