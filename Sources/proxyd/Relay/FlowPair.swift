/// Both directions of a session, and what is known of them together.
struct FlowPair {
    private(set) var inward = Flow()
    private(set) var outward = Flow()
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
    subscript(from side: Side) -> Flow {
        @inline(__always) _read {
            switch side {
            case .client: yield inward
            case .channel: yield outward
            }
        }
        @inline(__always) _modify {
            switch side {
            case .client: yield &inward
            case .channel: yield &outward
            }
        }
    }

    /// The same flow, by where its bytes go.
    subscript(into side: Side) -> Flow {
        @inline(__always) _read { yield self[from: side.other] }
        @inline(__always) _modify { yield &self[from: side.other] }
    }

    /// Gets a copy of what is moved; nil: no dump wants one.
    var tap: SessionTap? {
        get { inward.tap }
        set {
            inward.tap = newValue
            outward.tap = newValue
        }
    }

    var lastMoved: Instant { max(inMoved, outMoved) }

    var hasMoved: Bool { inward.byteCount | outward.byteCount > 0 }

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
        inward.abandon(to: buffers)
        outward.abandon(to: buffers)
    }
}
