import CLinux
import Glibc
import Testing

@testable import proxyd

/// One flow between two real connections, driven as a session drives it.
private struct FlowStand {
    /// The test writes here, and the flow reads at the other end.
    let writer: TestSocket
    let source: TestSocket
    /// The flow writes here, and the test reads at the other end.
    let sink: TestSocket
    let reader: TestSocket
    let buffers: BufferPool
    var flow = Flow()

    init(_ kind: TestSocket.Kind, mode: RelayMode, pipeLimit: Int = 4) throws {
        (writer, source) = try TestSocket.pair(kind)
        (sink, reader) = try TestSocket.pair(kind)
        buffers = BufferPool(mode: mode, pipeLimit: pipeLimit)
    }

    mutating func pump() -> PumpResult {
        flow.pump(from: source.number, to: sink.number, buffers)
    }

    /// Pumps for as long as there is something to do, as after an event that the source is readable.
    mutating func pumpReadable() -> PumpResult {
        flow.isReadable = true
        var pause = pump()
        while pause == .turnOver { pause = pump() }
        return pause
    }

    /// Sends so many bytes through, reading what comes out, and says what was read.
    mutating func carry(_ bytes: [UInt8]) throws -> [UInt8] {
        var rest = bytes[...]
        var read: [UInt8] = []
        while read.count < bytes.count {
            let sent = try writer.sendSome(rest.prefix(300_000))
            rest = rest.dropFirst(sent)
            flow.isReadable = true
            flow.isWritable = true
            switch pump() {
            case .sourceEmpty, .sinkFull, .turnOver: break
            case let pause: throw Missing("bytes, got \(pause)")
            }
            while case .bytes(let some) = reader.receiveSome(1 << 20) { read += some }
        }
        return read
    }
}

@Suite("Flow", .timeLimit(.untilHung))
struct FlowTests {
    @Test(
        "small messages are copied, byte by byte as they were", arguments: TestSocket.Kind.allCases,
        RelayMode.allCases)
    func small(kind: TestSocket.Kind, mode: RelayMode) throws {
        var stand = try FlowStand(kind, mode: mode)
        for number in 100..<400 {
            let message = "message \(number)\n"
            try stand.writer.send(message)
            try stand.source.awaitReadable(message.utf8.count)
            #expect(stand.pumpReadable() == .sourceEmpty)
            #expect(!stand.flow.isReadable)
            #expect(try stand.reader.receiveText(message.utf8.count) == message)
        }
        #expect(stand.flow.isSplicing == (mode == .splice))
        #expect(stand.flow.byteCount == 3600)
    }

    @Test(
        "TCP_NODELAY is set in front of the second write",
        arguments: RelayMode.allCases)
    func secondWrite(mode: RelayMode) throws {
        var stand = try FlowStand(.tcp, mode: mode)
        var off: CInt = 0
        let size = socklen_t(MemoryLayout<CInt>.size)
        _ = unsafe setsockopt(stand.sink.number, CInt(IPPROTO_TCP), TCP_NODELAY, &off, size)
        stand.flow.sinkNeedsNoDelay = true
        var values: [CInt] = []
        for message in ["first", "second"] {
            try stand.writer.send(message)
            try stand.source.awaitReadable(message.utf8.count)
            #expect(stand.pumpReadable() == .sourceEmpty)
            var (value, length): (CInt, socklen_t) = (-1, size)
            _ = unsafe getsockopt(
                stand.sink.number, CInt(IPPROTO_TCP), TCP_NODELAY, &value, &length)
            values.append(value)
        }
        #expect(values.map { $0 != 0 } == [false, true])
    }

    @Test(
        "five million bytes arrive as they were sent, however they are moved",
        arguments: TestSocket.Kind.allCases, RelayMode.allCases)
    func large(kind: TestSocket.Kind, mode: RelayMode) throws {
        var stand = try FlowStand(kind, mode: mode)
        let bytes = SeededGenerator.bytes(5_000_000)
        #expect(try stand.carry(bytes) == bytes)
        #expect(stand.flow.byteCount == 5_000_000)
        #expect(stand.flow.isSplicing == (mode != .copy))
        #expect(stand.buffers.pipeCount == (mode == .copy ? 0 : 1))
    }

    @Test(
        "without pipes everything is copied, byte-exact",
        arguments: TestSocket.Kind.allCases, RelayMode.allCases)
    func noPipes(kind: TestSocket.Kind, mode: RelayMode) throws {
        var stand = try FlowStand(kind, mode: mode, pipeLimit: 0)
        let bytes = SeededGenerator.bytes(3_000_000, seed: 2)
        #expect(try stand.carry(bytes) == bytes)
        #expect(stand.buffers.pipeCount == 0)
    }

    @Test("a flow that streams is spliced, and one that falls silent is copied again")
    func adaptive() throws {
        var stand = try FlowStand(.tcp, mode: .adaptive)
        let bytes = SeededGenerator.bytes(1_000_000)
        #expect(try stand.carry(bytes) == bytes)
        #expect(stand.flow.isSplicing)
        for number in 0..<4 {
            #expect(stand.flow.isSplicing, "turn \(number)")
            try stand.writer.send("x")
            try stand.source.awaitReadable(1)
            #expect(stand.pumpReadable() == .sourceEmpty)
            #expect(try stand.reader.receiveText(1) == "x")
        }
        #expect(!stand.flow.isSplicing)
        // Its pipe is free for the next one.
        let pipe = try #require(stand.buffers.lendPipe())
        #expect(pipe.isEmpty)
        #expect(stand.buffers.pipeCount == 1)
    }

    @Test(
        "a full sink stops the flow, which goes on where it was once there is room",
        arguments: TestSocket.Kind.allCases, RelayMode.allCases)
    func backpressure(kind: TestSocket.Kind, mode: RelayMode) throws {
        var stand = try FlowStand(kind, mode: mode)
        let bytes = SeededGenerator.bytes(24_000_000, seed: 3)
        var rest = bytes[...]
        var isFull = false
        while !isFull {
            let sent = try stand.writer.sendSome(rest.prefix(65_536))
            rest = rest.dropFirst(sent)
            stand.flow.isReadable = true
            let pause = stand.pump()
            isFull = pause == .sinkFull
            if !isFull, sent == 0, pause == .sourceEmpty { throw Missing("a full sink") }
        }
        #expect(stand.flow.isWaitingForSink)
        #expect(!stand.flow.isWritable)
        #expect(!stand.flow.canMove)
        let sentCount = bytes.count - rest.count
        var read: [UInt8] = []
        while read.count < sentCount {
            while case .bytes(let some) = stand.reader.receiveSome(1 << 20) { read += some }
            guard read.count < sentCount else { break }
            guard Wait.poll(stand.sink.number, POLLOUT) != nil else { throw Missing("room") }
            stand.flow.isWritable = true
            stand.flow.isReadable = true
            _ = stand.pump()
        }
        #expect(read.elementsEqual(bytes.prefix(sentCount)))
        #expect(!stand.flow.isWaitingForSink)
        #expect(stand.flow.byteCount == UInt64(sentCount))
    }

    @Test(
        "a turn of copying ends although there is more to do",
        arguments: [(.copy, 4), (.copy, 0), (.adaptive, 0), (.splice, 0)] as [(RelayMode, Int)])
    func turnOver(mode: RelayMode, pipeLimit: Int) throws {
        var stand = try FlowStand(.tcp, mode: mode, pipeLimit: pipeLimit)
        // The reader takes everything at once, so that only the turn's length ends a turn.
        let thread = try Thread(name: "reader") { [reader = stand.reader] in
            while let received = try? reader.receiveNext(1 << 20), case .bytes = received {}
        }
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        var sent = 0
        var isOver = false
        var last: UInt64 = 0
        while !isOver, sent < 200 << 20 {
            while case let count = try stand.writer.sendSome(bytes[...]), count > 0 {
                sent += count
            }
            stand.flow.isReadable = true
            if !stand.flow.isWritable {
                _ = Wait.poll(stand.sink.number, POLLOUT)
                stand.flow.isWritable = true
            }
            last = stand.flow.byteCount
            isOver = stand.pump() == .turnOver
        }
        #expect(isOver, "\(sent) bytes sent")
        let moved = stand.flow.byteCount - last
        #expect(moved <= 5 * UInt64(CopyBuffer.size))
        stand.flow.abandon(to: stand.buffers)
        _ = shutdown(stand.sink.number, CInt(SHUT_RDWR))
        thread.join()
    }

    @Test(
        "the end is found behind the last byte, whether it was announced or not",
        arguments: TestSocket.Kind.allCases, [false, true])
    func end(kind: TestSocket.Kind, isAnnounced: Bool) throws {
        for mode in RelayMode.allCases {
            // A TCP window takes no more before somebody reads.
            for count in kind == .tcp ? [0, 1, 20_000, 50_000] : [0, 1, 20_000, 65_536, 150_000] {
                var stand = try FlowStand(kind, mode: mode)
                let bytes = SeededGenerator.bytes(count)
                try stand.writer.send(bytes)
                stand.writer.endWrites()
                try stand.source.awaitEnd()
                stand.flow.endFollows = isAnnounced
                var read: [UInt8] = []
                var pause = PumpResult.turnOver
                while pause != .finished {
                    stand.flow.isReadable = true
                    stand.flow.isWritable = true
                    pause = stand.pump()
                    if case .sourceFailed = pause { break }
                    while case .bytes(let some) = stand.reader.receiveSome() { read += some }
                }
                #expect(pause == .finished)
                #expect(stand.flow.isFinished)
                #expect(!stand.flow.canMove)
                stand.sink.endWrites()
                read += try stand.reader.receiveToEnd()
                #expect(read == bytes, "\(mode) \(count)")
            }
        }
    }

    @Test("a message that came with the end is delivered with one receive")
    func endInOneTurn() throws {
        var stand = try FlowStand(.tcp, mode: .adaptive)
        try stand.writer.send("last words")
        stand.writer.endWrites()
        try stand.source.awaitEnd()
        stand.flow.endFollows = true
        stand.flow.isReadable = true
        #expect(stand.pump() == .finished)
        stand.sink.endWrites()
        #expect(try stand.reader.receiveToEnd() == Array("last words".utf8))
    }

    @Test(
        "urgent data neither stalls a flow nor ends it early", arguments: RelayMode.allCases,
        [false, true])
    func urgent(mode: RelayMode, isAnnounced: Bool) throws {
        var stand = try FlowStand(.tcp, mode: mode)
        if mode == .adaptive {
            let stream = SeededGenerator.bytes(500_000)
            #expect(try stand.carry(stream) == stream)
            #expect(stand.flow.isSplicing)
        }
        try stand.writer.send("before")
        try stand.writer.sendUrgent(UInt8(ascii: "!"))
        try stand.writer.send("behind")
        stand.writer.endWrites()
        try stand.source.awaitEnd()
        // What epoll says of it: urgent, readable and at its end, or not yet.
        var pause = PumpResult.sourceEmpty
        if !isAnnounced { pause = stand.pumpReadable() }
        stand.flow.hasUrgent = true
        stand.flow.endFollows = true
        if pause != .finished { pause = stand.pumpReadable() }
        #expect(pause == .finished)
        stand.sink.endWrites()
        #expect(try stand.reader.receiveToEnd() == Array("beforebehind".utf8))
    }

    @Test(
        "what follows urgent data is delivered while the connection stays open",
        arguments: RelayMode.allCases)
    func urgentOpen(mode: RelayMode) throws {
        var stand = try FlowStand(.tcp, mode: mode)
        let stream = SeededGenerator.bytes(500_000)
        #expect(try stand.carry(stream) == stream)
        #expect(stand.flow.isSplicing == (mode != .copy))
        try stand.writer.send("before")
        try stand.writer.sendUrgent(UInt8(ascii: "!"))
        try stand.writer.send("behind")
        try stand.source.awaitReadable(6)
        guard Wait.poll(stand.source.number, POLLPRI) != nil else { throw Missing("urgent data") }
        stand.flow.hasUrgent = true
        var text = ""
        try Wait.until("what is behind the urgent byte, after “\(text)”") {
            _ = stand.pumpReadable()
            if case .bytes(let some) = stand.reader.receiveSome() {
                text += String(decoding: some, as: UTF8.self)
            }
            return text == "beforebehind"
        }
    }

    @Test(
        "a sink that is broken is told apart from a source that is",
        arguments: TestSocket.Kind.allCases, RelayMode.allCases)
    func brokenSink(kind: TestSocket.Kind, mode: RelayMode) throws {
        var stand = try FlowStand(kind, mode: mode)
        _ = shutdown(stand.sink.number, CInt(SHUT_WR))
        try stand.writer.send("lost")
        try stand.source.awaitReadable(4)
        #expect(stand.pumpReadable() == .sinkFailed(EPIPE))
        stand.flow.abandon(to: stand.buffers)
        #expect(!stand.flow.isWaitingForSink)
        // A pipe with somebody's bytes in it is gone, not free.
        #expect(stand.buffers.pipeCount == 0)
    }

    @Test("a source that was reset fails with the kernel's reason", arguments: RelayMode.allCases)
    func sourceReset(mode: RelayMode) throws {
        let (sink, _) = try TestSocket.pair(.tcp)
        var flow = Flow()
        let buffers = BufferPool(mode: mode, pipeLimit: 1)
        let source: TestSocket
        do {
            let (writer, other) = try TestSocket.pair(.tcp)
            source = other
            writer.setReset()
        }
        guard Wait.poll(source.number, POLLIN) != nil else { throw Missing("the reset") }
        flow.isReadable = true
        #expect(
            flow.pump(from: source.number, to: sink.number, buffers)
                == .sourceFailed(ECONNRESET))
        flow.abandon(to: buffers)
        if mode == .splice { #expect(buffers.lendPipe() != nil) }
    }
}

@Suite("What a worker lends")
struct RelaySpaceTests {
    @Test("as many pipes are lent as there may be, and those given back are lent again")
    func pipes() throws {
        let buffers = BufferPool(mode: .adaptive, pipeLimit: 2)
        let first = try #require(buffers.lendPipe())
        let second = try #require(buffers.lendPipe())
        #expect(first !== second)
        #expect(buffers.lendPipe() == nil)
        buffers.giveBack(first)
        #expect(buffers.lendPipe() === first)
        #expect(buffers.pipeCount == 2)
    }

    @Test("a pipe with bytes in it is never lent again")
    func dirty() throws {
        let (writer, source) = try TestSocket.pair(.unix)
        let buffers = BufferPool(mode: .adaptive, pipeLimit: 1)
        let pipe = try #require(buffers.lendPipe())
        try writer.send("somebody's")
        guard case .moved(10) = pipe.fill(from: source.number) else { throw Missing("ten bytes") }
        #expect(pipe.count == 10)
        buffers.giveBack(pipe)
        #expect(buffers.pipeCount == 0)
        let other = try #require(buffers.lendPipe())
        #expect(other !== pipe)
        #expect(other.isEmpty)
    }

    @Test("the scratch buffer is handed out with its bytes, and another takes its place")
    func scratch() throws {
        let (writer, source) = try TestSocket.pair(.unix)
        let (sink, reader) = try TestSocket.pair(.unix)
        let buffers = BufferPool(mode: .copy, pipeLimit: 0)
        try writer.send("held")
        guard case .moved(4) = buffers.scratch.fill(from: source.number) else {
            throw Missing("four bytes")
        }
        let taken = buffers.takeScratch()
        #expect(taken !== buffers.scratch)
        #expect(taken.count == 4)
        #expect(buffers.scratch.count == 0)
        guard case .moved(4) = taken.drain(into: sink.number, isLast: false) else {
            throw Missing("four bytes")
        }
        #expect(try reader.receiveText(4) == "held")
        buffers.giveBack(taken)
        _ = buffers.takeScratch()
        #expect(buffers.scratch === taken)
    }

    @Test(
        "an empty socket is waited for, and its end is the end", arguments: TestSocket.Kind.allCases
    )
    func transfers(kind: TestSocket.Kind) throws {
        let (writer, source) = try TestSocket.pair(kind)
        let pipe = try SplicePipe()
        guard case .wouldBlock = pipe.fill(from: source.number) else { throw Missing("a wait") }
        #expect(pipe.isEmpty)
        writer.endWrites()
        try source.awaitEnd()
        guard case .endOfStream = pipe.fill(from: source.number) else { throw Missing("the end") }
    }

    @Test(
        "a tap gets every byte from then on, and is told of those in a pipe",
        arguments: TestSocket.Kind.allCases)
    func tap(kind: TestSocket.Kind) throws {
        var stand = try FlowStand(kind, mode: .splice)
        // The sink fills up, with bytes left in the pipe.
        let before = Fill.bytes(4 << 20)
        var sent = 0
        while sent < before.count {
            let count = try stand.writer.sendSome(before[sent...].prefix(300_000))
            sent += count
            if stand.pumpReadable() == .sinkFull { break }
        }
        #expect(stand.flow.isWaitingForSink)
        let moved = Int(stand.flow.byteCount)
        let sink = TapSink(number: 1, sessions: 1, notices: try Mailbox())
        let tap = SessionTap(of: 1)
        tap.add(sink)
        stand.flow.tap = tap
        var read: [UInt8] = []
        while read.count < sent {
            while case .bytes(let some) = stand.reader.receiveSome(1 << 20) { read += some }
            stand.flow.isWritable = true
            _ = stand.pumpReadable()
        }
        #expect(read == Array(before[..<sent]))
        #expect(!stand.flow.isSplicing)
        let later = try stand.carry(Array("seen".utf8))
        #expect(later == Array("seen".utf8))
        var missed = 0
        var seen: [UInt8] = []
        for record in sink.take(bytes: .max) {
            switch record.event {
            case .gap(_, let count, _): missed += Int(count)
            case .moved(_, let bytes): seen += bytes
            case .began, .ended, .closed: break
            }
        }
        #expect(missed > 0)
        #expect(missed + seen.count == sent - moved + 4)
        #expect(seen == Array((before[..<sent] + "seen".utf8).suffix(seen.count)))
        stand.flow.tap = nil
        #expect(try stand.carry([1, 2, 3]) == [1, 2, 3])
        #expect(stand.flow.isSplicing)
    }
}

/// Bytes that tell when one is missing.
private enum Fill {
    static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    }
}
