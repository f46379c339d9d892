/// One session at one instant: a row of `show sessions`.
package struct SessionSnapshot: Snapshot {
    package enum Phase: String, Sendable, CaseIterable {
        /// The client has to send something before a channel is chosen.
        case preamble
        /// Waiting for a channel to become usable.
        case hold
        /// Connecting to a channel.
        case connect
        /// Bytes flow both ways.
        case relay
        /// One side has ended its writes.
        case half
    }

    package var id: UInt64 = 0
    package var client = "?"
    /// The listener's path.
    package var listener = "?"
    /// The channel's path; nil while none is chosen.
    package var channel: String?
    package var phase = Phase.relay
    package var ageMilliseconds: UInt64 = 0
    package var idleMilliseconds: UInt64 = 0
    package var inBytes: UInt64 = 0
    package var outBytes: UInt64 = 0
    package var worker: UInt64 = 0
    /// How each direction moves its bytes: `copy` or `splice`, in before out.
    package var inMode = "?"
    package var outMode = "?"
    /// Connects that failed before this channel took the session.
    package var retries: UInt64 = 0
    /// Since bytes moved in each direction last, or since the session began.
    package var inIdleMilliseconds: UInt64?
    package var outIdleMilliseconds: UInt64?
    /// Bytes per second, lately.
    package var inRate: UInt64?
    package var outRate: UInt64?
    /// The direction that moved last, `in` or `out`; nil: none yet.
    package var last: String?
    /// Whose fault it is that it is not faster: `client-slow`, `channel-slow`, `client-loss`, `channel-loss`,
    /// `idle`; nil: neither side's.
    package var blame: String?
    /// Why it may never end by itself: `connecting`, `half-closed`, `blocked`, `one-way`; nil: it may.
    package var stuck: String?
    /// Our port of the channel's connection.
    package var channelPort: UInt64?
    package var kernel = KernelFacts()

    /// What the kernel reports of the client's connection and of the channel's (tcp(7), TCP_INFO).
    package struct KernelFacts: Equatable, Sendable {
        package var clientRTT: UInt64?
        package var channelRTT: UInt64?
        /// Of both together.
        package var rtt: UInt64?
        /// Packets sent again.
        package var clientRetransmitted: UInt64?
        package var channelRetransmitted: UInt64?
        /// Packets that are not acknowledged yet.
        package var clientUnacknowledged: UInt64?
        package var channelUnacknowledged: UInt64?
        /// What the kernel has of us and has not sent.
        package var clientUnsent: UInt64?
        package var channelUnsent: UInt64?
        /// How much of its busy time a connection has waited for the other end to read.
        package var clientWindowPercent: UInt64?
        package var channelWindowPercent: UInt64?
    }

    package static let fields = SessionField.all.map(field(of:))

    private static func field(of field: SessionField) -> Field<Self> {
        let name = field.rawValue
        return switch field {
        case .id: Field(name, \.id, isRequired: true)
        case .client: Field(name, \.client)
        case .listener: Field(name, \.listener)
        case .channel: Field(name, \.channel)
        case .phase: Field(name, \.phase, isRequired: true)
        case .age: Field(name, \.ageMilliseconds)
        case .idle: Field(name, \.idleMilliseconds)
        case .inBytes: Field(name, \.inBytes)
        case .outBytes: Field(name, \.outBytes)
        case .worker: Field(name, \.worker)
        case .inMode: Field(name, \.inMode)
        case .outMode: Field(name, \.outMode)
        case .retries: Field(name, \.retries)
        case .inIdle: Field(name, \.inIdleMilliseconds)
        case .outIdle: Field(name, \.outIdleMilliseconds)
        case .inRate: Field(name, \.inRate)
        case .outRate: Field(name, \.outRate)
        case .last: Field(name, \.last)
        case .blame: Field(name, \.blame)
        case .stuck: Field(name, \.stuck)
        case .channelPort: Field(name, \.channelPort)
        case .clientRTT: Field(name, \.kernel.clientRTT)
        case .channelRTT: Field(name, \.kernel.channelRTT)
        case .rtt: Field(name, \.kernel.rtt)
        case .clientRetransmitted: Field(name, \.kernel.clientRetransmitted)
        case .channelRetransmitted: Field(name, \.kernel.channelRetransmitted)
        case .clientUnacknowledged: Field(name, \.kernel.clientUnacknowledged)
        case .channelUnacknowledged: Field(name, \.kernel.channelUnacknowledged)
        case .clientUnsent: Field(name, \.kernel.clientUnsent)
        case .channelUnsent: Field(name, \.kernel.channelUnsent)
        case .clientWindowPercent: Field(name, \.kernel.clientWindowPercent)
        case .channelWindowPercent: Field(name, \.kernel.channelWindowPercent)
        }
    }

    package init() {}

    package init(
        id: UInt64, client: String, listener: String, channel: String?, phase: Phase,
        ageMilliseconds: UInt64, idleMilliseconds: UInt64, inBytes: UInt64, outBytes: UInt64,
        worker: UInt64, inMode: String, outMode: String, retries: UInt64
    ) {
        self.id = id
        self.client = client
        self.listener = listener
        self.channel = channel
        self.phase = phase
        self.ageMilliseconds = ageMilliseconds
        self.idleMilliseconds = idleMilliseconds
        self.inBytes = inBytes
        self.outBytes = outBytes
        self.worker = worker
        self.inMode = inMode
        self.outMode = outMode
        self.retries = retries
    }
}
