/// One direction of a session: the bytes from its source to its sink.
///
/// Readiness is remembered from edge-triggered events, so that no call is made only to hear EAGAIN.
struct Flow {
    /// Why a pump stopped.
    enum Pause: Equatable {
        case sourceEmpty
        case sinkFull
        /// There is more to do, but others wait for their turn.
        case turnOver
        /// The source has ended and every byte is delivered.
        case finished
        case sourceFailed(CInt)
        case sinkFailed(CInt)
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
    /// Nothing will be read from the source any more.
    private(set) var isEnded = false
    /// Bytes delivered to the sink.
    private(set) var byteCount: UInt64 = 0
    private(set) var isSplicing = false

    private var pipe: SplicePipe?
    private var held: CopyBuffer?
    /// Where its ends speak TLS; then every byte passes through our hands.
    private(set) var sourceTLS: TLSConnection?
    private(set) var sinkTLS: TLSConnection?
    /// The end has been said in the sink's TLS.
    private var isEndTold = false
    /// Receives in a row that brought much, or turns in a row that brought little.
    private var streak: UInt8 = 0

    private static let copiedPerTurn = 4 * CopyBuffer.size
    private static let splicedPerTurn = 1 << 20
    /// A receive of so many bytes looks like a stream, and a turn of fewer like its end.
    private static let muchAtOnce = 16_384
    private static let streakToSplice: UInt8 = 2
    private static let streakToCopy: UInt8 = 4

    /// Bytes wait for the sink.
    var isWaitingForSink: Bool {
        held != nil || pipe.map { !$0.isEmpty } ?? false || isSinkTLSWaiting
    }

    private var isSinkTLSWaiting: Bool {
        guard let sinkTLS else { return false }
        return sinkTLS.hasUnsent || isEnded && !isEndTold
    }

    private var isEncrypted: Bool { sourceTLS != nil || sinkTLS != nil }

    var isFinished: Bool { isEnded && !isWaitingForSink }

    /// Moves bytes until an end must be waited for, or the turn is over.
    mutating func pump(from source: CInt, to sink: CInt, space: BufferPool) -> Pause {
        if !isSplicing, held == nil, space.mode == .splice, !isEncrypted { isSplicing = true }
        // Bytes that somebody looks on at pass through our hands; those in a pipe go on first.
        if hasUrgent || space.onlooker != nil, pipe == nil { isSplicing = false }
        return isSplicing && held == nil
            ? splice(from: source, to: sink, space: space)
            : copy(from: source, to: sink, space: space)
    }

    // MARK: Copying

    private mutating func copy(from source: CInt, to sink: CInt, space: BufferPool) -> Pause {
        var budget = Self.copiedPerTurn
        if let pause = flush() { return pause }
        while budget > 0 {
            if let buffer = held {
                if let pause = drain(buffer, into: sink, isLast: false, space) { return pause }
                held = nil
                space.giveBack(buffer)
            }
            if isEnded { return finish() }
            guard isReadable else { return .sourceEmpty }
            switch fill(space.scratch, from: source) {
            case .wouldBlock:
                isReadable = false
                return .sourceEmpty
            case .endOfStream:
                isEnded = true
                return finish()
            case .failed(let number):
                return .sourceFailed(number)
            case .moved(let count):
                budget -= count
                noteReceive(of: count)
                if let pause = drain(space.scratch, into: sink, isLast: isEnded, space) {
                    if space.scratch.count > 0 { held = space.takeScratch() }
                    return pause
                }
            }
            if isEnded { return finish() }
            guard isReadable else { return .sourceEmpty }
            if streak >= Self.streakToSplice, space.mode == .adaptive, !hasUrgent,
                space.onlooker == nil, !isEncrypted
            {
                streak = 0
                // Without a pipe this turn goes on, so that it ends like any other.
                pipe = space.lendPipe()
                isSplicing = pipe != nil
                if isSplicing { return splice(from: source, to: sink, space: space) }
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
        isEnded = endFollows
    }

    /// Sends a buffer; nil when all of it has gone.
    private mutating func drain(
        _ buffer: CopyBuffer, into sink: CInt, isLast: Bool, _ space: BufferPool
    ) -> Pause? {
        while buffer.count > 0 {
            let outcome =
                if let sinkTLS { buffer.drain(into: sinkTLS) } else {
                    buffer.drain(into: sink, isLast: isLast)
                }
            switch outcome {
            case .moved(let count):
                byteCount &+= UInt64(count)
                if let onlooker = space.onlooker { onlooker.saw(count, of: buffer) }
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
    private mutating func flush() -> Pause? {
        guard let sinkTLS, let obstacle = sinkTLS.flush() else { return nil }
        if case .failed(let number) = obstacle { return .sinkFailed(number) }
        isWritable = false
        return .sinkFull
    }

    @inline(__always)
    private func fill(_ buffer: CopyBuffer, from source: CInt) -> IOResult {
        if let sourceTLS { return buffer.fill(from: sourceTLS) }
        return buffer.fill(from: source)
    }

    /// Every byte is delivered; in TLS the end is something to be sent.
    private mutating func finish() -> Pause {
        guard let sinkTLS, !isEndTold else { return .finished }
        guard sinkTLS.endWrites() else {
            isWritable = false
            return .sinkFull
        }
        isEndTold = true
        return .finished
    }

    // MARK: Splicing

    private mutating func splice(from source: CInt, to sink: CInt, space: BufferPool) -> Pause {
        guard let pipe = pipe ?? space.lendPipe() else {
            isSplicing = false
            return space.mode == .splice
                ? copyOnce(from: source, to: sink, space: space)
                : copy(from: source, to: sink, space: space)
        }
        self.pipe = pipe
        var budget = Self.splicedPerTurn
        while budget > 0 {
            if pipe.isEmpty {
                guard isReadable else { return quiet(pipe, space, budget) }
                if hasUrgent || space.onlooker != nil {
                    return copyInstead(of: pipe, from: source, to: sink, space: space)
                }
                switch pipe.fill(from: source) {
                case .moved: break
                case .wouldBlock:
                    isReadable = false
                    return quiet(pipe, space, budget)
                case .endOfStream:
                    // Or urgent data in front of the end, of which no event has told yet; only a
                    // receive knows.
                    return copyInstead(of: pipe, from: source, to: sink, space: space)
                case .failed(let number):
                    return giveBack(pipe, to: space, .sourceFailed(number))
                }
            }
            switch pipe.drain(into: sink) {
            case .moved(let count):
                byteCount &+= UInt64(count)
                budget -= count
                if let onlooker = space.onlooker { onlooker.missed(count) }
            case .wouldBlock, .endOfStream:
                isWritable = false
                return .sinkFull
            case .failed(let number):
                return giveBack(pipe, to: space, .sinkFailed(number))
            }
        }
        return .turnOver
    }

    /// The turn goes on with receives; the pipe is empty.
    private mutating func copyInstead(
        of pipe: SplicePipe, from source: CInt, to sink: CInt, space: BufferPool
    ) -> Pause {
        self.pipe = nil
        space.giveBack(pipe)
        isSplicing = false
        return copy(from: source, to: sink, space: space)
    }

    /// No pipe was to be had although splicing was asked for: this turn copies, the next one asks again.
    private mutating func copyOnce(from source: CInt, to sink: CInt, space: BufferPool) -> Pause {
        let pause = copy(from: source, to: sink, space: space)
        isSplicing = held == nil
        return pause
    }

    /// The stream pauses: the pipe is given back, and after a few small turns bytes are copied again.
    private mutating func quiet(_ pipe: SplicePipe, _ space: BufferPool, _ budget: Int) -> Pause {
        if Self.splicedPerTurn - budget >= Self.muchAtOnce {
            streak = 0
        } else {
            streak = min(streak + 1, Self.streakToCopy)
            if streak >= Self.streakToCopy, space.mode == .adaptive {
                isSplicing = false
                streak = 0
            }
        }
        return giveBack(pipe, to: space, .sourceEmpty)
    }

    private mutating func giveBack(
        _ pipe: SplicePipe, to space: BufferPool, _ pause: Pause
    ) -> Pause {
        self.pipe = nil
        space.giveBack(pipe)
        return pause
    }

    /// Lets go of everything lent; bytes in it are lost, as the session is.
    mutating func abandon(to space: BufferPool) {
        if let pipe { space.giveBack(pipe) }
        if let held { space.giveBack(held) }
        pipe = nil
        held = nil
        sourceTLS = nil
        sinkTLS = nil
    }
}

// MARK: TLS

extension Flow {
    /// From now on the source speaks TLS; it may hold bytes already that no event tells of. `buffer` has those
    /// that came before the flow began.
    mutating func receive(through tls: TLSConnection, after buffer: CopyBuffer? = nil) {
        sourceTLS = tls
        isReadable = true
        if let buffer, buffer.count > 0 { held = buffer }
    }

    /// From now on the sink does.
    mutating func send(through tls: TLSConnection) { sinkTLS = tls }
}

// MARK: Moving to another process

extension Flow {
    /// As it is between two turns. The pipe stays ours, and what is in it, until the other process goes on.
    var moved: TransferredFlow {
        var moved = TransferredFlow(byteCount: byteCount, isEnded: isEnded)
        moved.isSplicing = isSplicing
        moved.hasUrgent = hasUrgent
        if let held { moved.held = held.held }
        if let pipe, !pipe.isEmpty {
            moved.pipe = TransferredFlow.Pipe(
                readEnd: pipe.ends.read, writeEnd: pipe.ends.write, count: pipe.count)
        }
        return moved
    }

    /// Goes on where another process has stopped: whether its ends are ready is found out by trying.
    init(resuming moved: TransferredFlow, space: BufferPool) {
        isReadable = true
        hasUrgent = moved.hasUrgent
        isEnded = moved.isEnded
        byteCount = moved.byteCount
        if !moved.held.isEmpty { held = CopyBuffer(holding: moved.held[...]) }
        if let moved = moved.pipe {
            let adopted = SplicePipe(
                readEnd: moved.readEnd, writeEnd: moved.writeEnd, count: moved.count)
            space.adopt(adopted)
            pipe = adopted
        }
        isSplicing = pipe != nil || moved.isSplicing && held == nil && space.mode != .copy
    }
}

extension Flow {
    /// Whether a pump has anything to do: bytes for a sink that takes them, or a source to be read.
    var canMove: Bool {
        if isWaitingForSink { return isWritable }
        return isReadable && !isEnded
    }
}
