/// Both directions of a session, and what is known of them together.
struct FlowPair {
    /// By the side that the bytes come from.
    private var flows: InlineArray<2, Flow> = [Flow(), Flow()]
    /// When bytes moved last, in each direction; before, when the channel was connected.
    var inMoved: Instant
    var outMoved: Instant
    /// When the channel's first byte was delivered; `zero`: none was.
    var firstByteAt = Instant.zero
    /// Which side's bytes came last: when all falls silent, it is the other side's turn.
    var lastSpeaker = Side.channel
    /// Clients are watched for room only once one of them had none: most never do.
    var isClientWatchedForWrites = false
    /// It stands among the worker's sessions whose turn was over before they were done.
    var isTurnPending = false

    init(now: Instant) {
        inMoved = now
        outMoved = now
    }

    /// The flow of bytes that come from that side.
    ///
    /// With one `yield` each the accessors are inlined; with one per side they were calls that allocated a frame.
    subscript(from side: Side) -> Flow {
        @inline(__always) _read { yield flows[Self.index(of: side)] }
        @inline(__always) _modify { yield &flows[Self.index(of: side)] }
    }

    @inline(__always)
    private static func index(of side: Side) -> Int { side == .client ? 0 : 1 }

    /// The same flow, by where its bytes go.
    subscript(into side: Side) -> Flow {
        @inline(__always) _read { yield flows[Self.index(of: side.other)] }
        @inline(__always) _modify { yield &flows[Self.index(of: side.other)] }
    }

    /// Gets a copy of what is moved; nil: no dump wants one.
    var tap: SessionTap? {
        get { self[from: .client].tap }
        set {
            self[from: .client].tap = newValue
            self[from: .channel].tap = newValue
        }
    }

    var lastMoved: Instant { max(inMoved, outMoved) }

    var hasMoved: Bool { self[from: .client].byteCount | self[from: .channel].byteCount > 0 }

    /// The channel has accepted.
    mutating func begin(now: Instant) {
        inMoved = now
        outMoved = now
    }

    @inline(__always)
    mutating func noteMove(from side: Side, now: Instant) {
        switch side {
        case .client: inMoved = now
        case .channel: outMoved = now
        }
        lastSpeaker = side
    }

    mutating func abandon(to buffers: BufferPool) {
        self[from: .client].abandon(to: buffers)
        self[from: .channel].abandon(to: buffers)
    }
}
