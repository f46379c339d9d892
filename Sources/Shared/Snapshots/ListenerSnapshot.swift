/// One listener at one instant: a row of `show listeners`.
package struct ListenerSnapshot: Snapshot {
    package enum State: String, Sendable, CaseIterable {
        /// Clients are accepted.
        case open
        /// Not listening: `when-empty: refuse`, and no channel of the service is usable.
        case refusing
        /// Switched off with its service.
        case off
    }

    package var path = "?"
    package var serial: UInt64 = 0
    package var state = State.open
    package var address = "?"
    /// `close`, `reset`, `refuse` or `hold`.
    package var whenEmpty = "?"
    package var current: UInt64 = 0
    /// Clients accepted.
    package var total: UInt64 = 0
    package var inBytes: UInt64 = 0
    package var outBytes: UInt64 = 0
    /// Clients that were accepted and found no channel.
    package var refused: UInt64 = 0

    package static let fields: [Field<Self>] = [
        Field("path", \.path, isRequired: true),
        Field("serial", \.serial, isRequired: true),
        Field("state", \.state, isRequired: true),
        Field("address", \.address),
        Field("when_empty", \.whenEmpty),
        Field("current", \.current),
        Field("total", \.total),
        Field("in_bytes", \.inBytes),
        Field("out_bytes", \.outBytes),
        Field("refused", \.refused),
    ]

    package init() {}

    package init(
        path: String, serial: UInt64, state: State, address: String, whenEmpty: String,
        current: UInt64, total: UInt64, inBytes: UInt64, outBytes: UInt64, refused: UInt64
    ) {
        self.path = path
        self.serial = serial
        self.state = state
        self.address = address
        self.whenEmpty = whenEmpty
        self.current = current
        self.total = total
        self.inBytes = inBytes
        self.outBytes = outBytes
        self.refused = refused
    }
}
