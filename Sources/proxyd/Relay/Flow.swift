/// Why a pump stopped.
enum PumpResult: Equatable {
    case sourceEmpty
    case sinkFull
    /// There is more to do, but others wait for their turn.
    case turnOver
    /// The source has ended and every byte is delivered.
    case finished
    case sourceFailed(CInt)
    case sinkFailed(CInt)
}

/// One direction of a session: the bytes from its source to its sink.
///
/// Readiness is remembered from edge-triggered events, so that no call is made only to hear EAGAIN.
struct Flow {
    /// How bytes get from the source to the sink, and where those are that wait for the sink.
    private enum Mode {
        /// By way of the worker's scratch buffer, which is empty between two pumps.
        case copying
        /// The same, and the sink has not taken these yet.
        case holding(CopyBuffer)
        /// Through a pipe, which is lent only while bytes are in it.
        case splicing(SplicePipe?)
    }

    /// How far the end of the source has come.
    private enum End {
        /// More may be read.
        case open
        /// Nothing will be read any more.
        case reached
        /// It has been said in the sink's TLS as well.
        case sent
    }

    /// The source has bytes or an end for us.
    var isReadable = false
    /// The sink takes bytes.
    var isWritable = true
    /// The source has ended its writes; what it sent before may still have to be read.
    var endFollows = false
    /// A receive stops at urgent data (tcp(7)), so a short one does not mean that the socket is empty;
    /// and a splice never gets past it, so it is copied from then on.
    var hasUrgent = false
    /// A receive from a Unix socket stops where descriptors were passed along (unix(7)), so a short one
    /// says nothing.
    var mayStopShort = false
    /// The source's connection has broken: the sink gets a reset, not an orderly end.
    var isSourceBroken = false
    /// The sink has no TCP_NODELAY yet, and needs it in front of its second write: the first is held back by nothing
    /// (RFC 896).
    var sinkNeedsNoDelay = false
    /// Bytes delivered to the sink.
    private(set) var byteCount: UInt64 = 0
    private var mode = Mode.copying
    private var end = End.open
    /// Receives in a row that brought much, or turns in a row that brought little.
    private var streak: UInt8 = 0
    /// Where its ends speak TLS; then every byte passes through our hands.
    private(set) var sourceTLS: TLSConnection?
    private(set) var sinkTLS: TLSConnection?
    /// Gets a copy of every byte, which then has to pass through our hands too.
    var tap: SessionTap?

    private static let copiedPerTurn = 4 * CopyBuffer.size
    private static let splicedPerTurn = 1 << 20
    /// A receive of so many bytes looks like a stream, and a turn of fewer like its end.
    private static let muchAtOnce = 16_384
    private static let streakToSplice: UInt8 = 2
    private static let streakToCopy: UInt8 = 4

    /// Nothing will be read from the source any more.
    var isEnded: Bool { end != .open }

    var isSplicing: Bool { if case .splicing = mode { true } else { false } }

    /// Bytes wait for the sink.
    var isWaitingForSink: Bool {
        switch mode {
        case .holding: return true
        case .splicing(let pipe?) where !pipe.isEmpty: return true
        case .copying, .splicing: break
        }
        guard let sinkTLS else { return false }
        return sinkTLS.hasUnsent || end == .reached
    }

    var isFinished: Bool { isEnded && !isWaitingForSink }

    /// The sink has got everything, and the end that the source itself had said.
    var hasEndedOrderly: Bool { isFinished && !isSourceBroken }

    /// Whether a pump has anything to do: bytes for a sink that takes them, or a source to be read.
    var canMove: Bool {
        if isWaitingForSink { return isWritable }
        return isReadable && end == .open
    }

    private var isEncrypted: Bool { sourceTLS != nil || sinkTLS != nil }

    /// Bytes may go from socket to socket within the kernel.
    private var maySplice: Bool { !hasUrgent && tap == nil && !isEncrypted }

    /// Moves bytes until an end must be waited for, or the turn is over.
    mutating func pump(from source: CInt, to sink: CInt, _ buffers: BufferPool) -> PumpResult {
        switch mode {
        case .holding:
            return copy(from: source, to: sink, buffers)
        case .copying:
            guard buffers.mode == .splice, maySplice else {
                return copy(from: source, to: sink, buffers)
            }
            mode = .splicing(nil)
        case .splicing(nil) where !maySplice:
            mode = .copying
            return copy(from: source, to: sink, buffers)
        case .splicing:
            // What is in a pipe goes on first.
            break
        }
        return splice(from: source, to: sink, buffers)
    }

    // MARK: Copying

    private mutating func copy(
        from source: CInt, to sink: CInt, _ buffers: BufferPool
    ) -> PumpResult {
        if let result = flush() { return result }
        var budget = Self.copiedPerTurn
        if case .holding(let buffer) = mode {
            if let result = drain(buffer, into: sink, isLast: false) { return result }
            mode = .copying
            buffers.giveBack(buffer)
        }
        if end != .open { return finish() }
        guard isReadable else { return .sourceEmpty }
        let scratch = buffers.scratch
        while budget > 0 {
            switch fill(scratch, from: source) {
            case .wouldBlock:
                isReadable = false
                return .sourceEmpty
            case .endOfStream:
                end = .reached
                return finish()
            case .failed(let number):
                return .sourceFailed(number)
            case .moved(let count):
                budget -= count
                noteReceive(of: count)
                if let result = drain(scratch, into: sink, isLast: end == .reached) {
                    if scratch.count > 0 { mode = .holding(buffers.takeScratch()) }
                    return result
                }
            }
            if end != .open { return finish() }
            guard isReadable else { return .sourceEmpty }
            if streak >= Self.streakToSplice, buffers.mode == .adaptive, maySplice {
                streak = 0
                // Without a pipe this turn goes on, so that it ends like any other.
                if let pipe = buffers.lendPipe() {
                    mode = .splicing(pipe)
                    return splice(from: source, to: sink, buffers)
                }
            }
        }
        return .turnOver
    }

    /// A short receive has emptied the socket: the next bytes will be an event of their own, and when
    /// the end had come before we asked, this was all.
    private mutating func noteReceive(of count: Int) {
        if let sourceTLS {
            // Its end is what TLS says, not what the socket says.
            isReadable = !sourceTLS.isDry
            return
        }
        streak = count >= Self.muchAtOnce ? min(streak + 1, Self.streakToSplice) : 0
        guard count < CopyBuffer.size, !hasUrgent, !mayStopShort else { return }
        isReadable = false
        if endFollows { end = .reached }
    }

    /// Sends a buffer; nil when all of it has gone.
    private mutating func drain(
        _ buffer: CopyBuffer, into sink: CInt, isLast: Bool
    ) -> PumpResult? {
        if byteCount > 0 { setNoDelay(on: sink) }
        while buffer.count > 0 {
            let outcome =
                if let sinkTLS { buffer.drain(into: sinkTLS) } else {
                    buffer.drain(into: sink, isLast: isLast)
                }
            switch outcome {
            case .moved(let count):
                byteCount &+= UInt64(count)
                if let tap { tap.record(count, of: buffer) }
                if let sinkTLS, sinkTLS.hasUnsent {
                    isWritable = false
                    return .sinkFull
                }
            case .wouldBlock, .endOfStream:
                isWritable = false
                return .sinkFull
            case .failed(let number):
                return .sinkFailed(number)
            }
        }
        return nil
    }

    /// What TLS has taken goes on before anything else; nil: all of it has.
    @inline(__always)
    private mutating func flush() -> PumpResult? {
        guard let sinkTLS, let obstacle = sinkTLS.flush() else { return nil }
        if case .failed(let number) = obstacle { return .sinkFailed(number) }
        isWritable = false
        return .sinkFull
    }

    /// It fails only on a connection that has broken.
    @inline(__always)
    mutating func setNoDelay(on sink: CInt) {
        guard sinkNeedsNoDelay else { return }
        sinkNeedsNoDelay = false
        try? Socket.set(.noDelay, to: 1, on: sink)
    }

    @inline(__always)
    private func fill(_ buffer: CopyBuffer, from source: CInt) -> IOResult {
        if let sourceTLS { return buffer.fill(from: sourceTLS) }
        return buffer.fill(from: source)
    }

    /// Every byte is delivered; in TLS the end is something to be sent.
    private mutating func finish() -> PumpResult {
        guard let sinkTLS, end != .sent, !isSourceBroken else {
            end = .sent
            return .finished
        }
        guard sinkTLS.endWrites() else {
            isWritable = false
            return .sinkFull
        }
        end = .sent
        return .finished
    }

    // MARK: Splicing

    private mutating func splice(
        from source: CInt, to sink: CInt, _ buffers: BufferPool
    ) -> PumpResult {
        guard let pipe = lentPipe ?? buffers.lendPipe() else {
            return copyForLackOfPipes(from: source, to: sink, buffers)
        }
        mode = .splicing(pipe)
        var budget = Self.splicedPerTurn
        while budget > 0 {
            if pipe.isEmpty {
                guard isReadable else { return pauseStream(pipe, buffers, budget) }
                guard maySplice else { return copyInstead(of: pipe, source, sink, buffers) }
                switch pipe.fill(from: source) {
                case .moved: break
                case .wouldBlock:
                    isReadable = false
                    return pauseStream(pipe, buffers, budget)
                case .endOfStream:
                    // Or urgent data in front of the end, for which no event has come yet; only a
                    // receive knows.
                    return copyInstead(of: pipe, source, sink, buffers)
                case .failed(let number):
                    return giveBack(pipe, to: buffers, .sourceFailed(number))
                }
            }
            if byteCount > 0 { setNoDelay(on: sink) }
            switch pipe.drain(into: sink) {
            case .moved(let count):
                byteCount &+= UInt64(count)
                budget -= count
                if let tap { tap.recordGap(of: count) }
            case .wouldBlock, .endOfStream:
                isWritable = false
                return .sinkFull
            case .failed(let number):
                return giveBack(pipe, to: buffers, .sinkFailed(number))
            }
        }
        return .turnOver
    }

    private var lentPipe: SplicePipe? {
        if case .splicing(let pipe) = mode { pipe } else { nil }
    }

    /// The turn goes on with receives; the pipe is empty.
    private mutating func copyInstead(
        of pipe: SplicePipe, _ source: CInt, _ sink: CInt, _ buffers: BufferPool
    ) -> PumpResult {
        mode = .copying
        buffers.giveBack(pipe)
        return copy(from: source, to: sink, buffers)
    }

    /// This turn copies. Where splicing was asked for, the next one asks for a pipe again.
    private mutating func copyForLackOfPipes(
        from source: CInt, to sink: CInt, _ buffers: BufferPool
    ) -> PumpResult {
        mode = .copying
        let result = copy(from: source, to: sink, buffers)
        if buffers.mode == .splice, case .copying = mode { mode = .splicing(nil) }
        return result
    }

    /// The stream pauses: the pipe is given back, and after a few small turns bytes are copied again.
    private mutating func pauseStream(
        _ pipe: SplicePipe, _ buffers: BufferPool, _ budget: Int
    ) -> PumpResult {
        let result = giveBack(pipe, to: buffers, .sourceEmpty)
        guard Self.splicedPerTurn - budget < Self.muchAtOnce else {
            streak = 0
            return result
        }
        streak = min(streak + 1, Self.streakToCopy)
        if streak >= Self.streakToCopy, buffers.mode == .adaptive {
            mode = .copying
            streak = 0
        }
        return result
    }

    private mutating func giveBack(
        _ pipe: SplicePipe, to buffers: BufferPool, _ result: PumpResult
    ) -> PumpResult {
        mode = .splicing(nil)
        buffers.giveBack(pipe)
        return result
    }

    /// Gives back everything that was lent; bytes in it are lost, as the session is.
    mutating func abandon(to buffers: BufferPool) {
        switch mode {
        case .splicing(let pipe?): buffers.giveBack(pipe)
        case .holding(let buffer): buffers.giveBack(buffer)
        case .copying, .splicing: break
        }
        mode = .copying
        (sourceTLS, sinkTLS, tap) = (nil, nil, nil)
    }
}

// MARK: TLS

extension Flow {
    /// From now on the source speaks TLS; it may hold bytes already for which no event comes. `buffer` has those
    /// that came before the flow began.
    mutating func receive(through tls: TLSConnection, after buffer: CopyBuffer? = nil) {
        sourceTLS = tls
        isReadable = true
        if let buffer, buffer.count > 0 { mode = .holding(buffer) }
    }

    /// From now on the sink does.
    mutating func send(through tls: TLSConnection) { sinkTLS = tls }
}

// MARK: Moving to another process

extension Flow {
    /// As it is between two turns. The pipe stays ours, and what is in it, until the other process goes on.
    var transferred: TransferredFlow {
        var flow = TransferredFlow(byteCount: byteCount, isEnded: isEnded)
        flow.isSplicing = isSplicing
        flow.hasUrgent = hasUrgent
        switch mode {
        case .holding(let buffer):
            flow.pending = buffer.pending
        case .splicing(let pipe?) where !pipe.isEmpty:
            flow.pipe = TransferredFlow.Pipe(
                readEnd: pipe.ends.read, writeEnd: pipe.ends.write, count: pipe.count)
        case .copying, .splicing: break
        }
        return flow
    }

    /// Goes on where another process has stopped: whether its ends are ready is found out by trying.
    init(resuming flow: TransferredFlow, _ buffers: BufferPool) {
        isReadable = true
        hasUrgent = flow.hasUrgent
        if flow.isEnded { end = .reached }
        byteCount = flow.byteCount
        if let lent = flow.pipe {
            let pipe = SplicePipe(
                readEnd: lent.readEnd, writeEnd: lent.writeEnd, count: lent.count)
            buffers.adopt(pipe)
            mode = .splicing(pipe)
        } else if !flow.pending.isEmpty {
            mode = .holding(CopyBuffer(holding: flow.pending[...]))
        } else if flow.isSplicing, buffers.mode != .copy {
            mode = .splicing(nil)
        }
    }
}
