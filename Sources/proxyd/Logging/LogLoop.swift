internal import Glibc
internal import Shared

/// The thread of a log: takes records, makes lines of them, and writes those, a block at a time.
struct LogLoop<Lines: LogLines> {
    private let writer: LogWriter<Lines>
    private var outlet: LogSink?
    private var lines: Lines
    private var buffer: LineBuffer
    private var batch: [Lines.Record] = []
    /// The first of the batch that is not in the buffer yet.
    private var next = 0
    /// Records whose lines are in the buffer.
    private var formatted: UInt64 = 0
    private var isFinishing = false
    private var hasSaidLast = false

    /// Bytes that are written at once.
    private static var blockBytes: Int { 65_536 }
    /// After a write others are gathered for so long, so that a busy log is written a few hundred times a
    /// second and senders need not wake it.
    private static var pause: CInt { 5 }
    /// How long after a failed write it is tried again.
    private static var retry: CInt { 1000 }

    init(writer: LogWriter<Lines>, lines: Lines) {
        self.writer = writer
        self.lines = lines
        buffer = LineBuffer(.bare)
    }

    mutating func run() {
        while true {
            for order in writer.takeOrders() { handle(order) }
            if buffer.isEmpty, !fill() {
                if isFinishing { return }
                sleep(untilDue)
                continue
            }
            switch flush() {
            case .moved:
                if !isFinishing, next == batch.count { sleep(Self.pause) }
            case .wouldBlock:
                outlet?.wait(or: writer.queue.descriptor, milliseconds: Self.retry)
                writer.queue.clear()
            case .endOfStream, .failed:
                sleep(Self.retry)
            }
        }
    }

    /// Until there is something to do, or so many milliseconds are over.
    private func sleep(_ milliseconds: CInt) {
        var event = pollfd(fd: writer.queue.descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&event, 1, milliseconds)
        writer.queue.clear()
    }

    private var untilDue: CInt {
        guard let due = lines.nextDeadline else { return -1 }
        return CInt(clamping: due.elapsed(since: .now) / 1_000_000 + 1)
    }

    // MARK: Orders

    private mutating func handle(_ order: LogWriter<Lines>.Order) {
        switch order {
        case .use(let outlet, let lines):
            self.lines = lines
            guard let outlet else { return }
            _ = flush()
            if buffer.dress != outlet.dress { lose() } else { buffer.startLineAgain() }
            clearTrouble()
            self.outlet = outlet
            buffer.dress = outlet.dress
        case .useNothing:
            _ = flush()
            lose()
            clearTrouble()
            outlet = nil
        case .reopen(let finish): finish(reopen())
        case .flush(let finish):
            while !buffer.isEmpty || fill() {
                guard case .moved = flush() else { break }
            }
            finish()
        case .finish: isFinishing = true
        }
    }

    /// The old file gets the lines that came before, as far as it can; when the new one cannot be
    /// opened, it takes those to come as well.
    private mutating func reopen() -> LogSink.Failure? {
        guard let old = outlet, old.target.isFile else { return nil }
        while !buffer.isEmpty, case .moved = flush() {}
        do throws(LogSink.Failure) {
            let isBare = old.dress == .bare
            outlet = try LogSink(old.target, isAccess: isBare)
            buffer.startLineAgain()
            return nil
        } catch {
            return error
        }
    }

    // MARK: Filling

    /// Makes the next lines; false when there is nothing to say.
    private mutating func fill() -> Bool {
        buffer.clock.synchronise()
        while buffer.bytes.count < Self.blockBytes {
            if next == batch.count {
                guard buffer.isEmpty else { break }
                next = 0
                guard writer.queue.take(into: &batch) else { break }
            }
            lines.put(batch[next], into: &buffer)
            next += 1
            formatted += 1
        }
        if next == batch.count {
            batch.removeAll(keepingCapacity: true)
            next = 0
            if !isFinishing || !hasSaidLast {
                lines.putDue(now: .now, isLast: isFinishing, into: &buffer)
                hasSaidLast = isFinishing
            }
        }
        if buffer.isEmpty { consume(written: 0) }
        return !buffer.isEmpty
    }

    // MARK: Writing

    /// Writes until all has gone, or nothing more is taken.
    private mutating func flush() -> IOResult {
        var total = 0
        while !buffer.isEmpty {
            guard let outlet else {
                lose()
                return .moved(0)
            }
            switch outlet.write(buffer.due) {
            case .moved(let count):
                total += count
                let ended = buffer.advance(by: count)
                consume(written: ended)
            case .wouldBlock: return .wouldBlock
            case .endOfStream: return .endOfStream
            case .failed(EMSGSIZE):
                _ = buffer.advance(by: buffer.due.count)
                writer.change { $0.lost += 1 }
            case .failed(let number):
                guard let trouble = connectAgain(after: number) else { continue }
                writer.change { $0.trouble = trouble }
                return .failed(number)
            }
        }
        return .moved(total)
    }

    /// A syslog or journald that was started again has another socket behind the same name. Says why the
    /// line did not go there either; nil: it has gone.
    private mutating func connectAgain(after number: CInt) -> String? {
        let words = SystemError("write", number).description
        guard let outlet, outlet.dress.isDatagram, number != ENOBUFS else { return words }
        do throws(LogSink.Failure) {
            let fresh = try LogSink(outlet.target, isAccess: false)
            guard case .moved(let count) = fresh.write(buffer.due) else { return words }
            self.outlet = fresh
            consume(written: buffer.advance(by: count))
            return nil
        } catch {
            return error.words
        }
    }

    private mutating func consume(written count: Int) {
        let isThrough = buffer.isEmpty
        let records = isThrough ? formatted : 0
        if isThrough { formatted = 0 }
        writer.change { state in
            state.written += UInt64(count)
            state.taken += records
            if count > 0 { state.trouble = nil }
        }
    }

    private mutating func lose() {
        let count = buffer.clear()
        let hasTarget = outlet != nil
        writer.change { if hasTarget { $0.lost += UInt64(count) } }
        consume(written: 0)
    }

    private func clearTrouble() { writer.change { $0.trouble = nil } }
}
