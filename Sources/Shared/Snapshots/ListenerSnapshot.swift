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

    package var path: String
    package var serial: UInt64
    package var state: State
    package var address: String
    /// `close`, `reset`, `refuse` or `hold`.
    package var whenEmpty: String
    package var current: UInt64
    /// Clients accepted.
    package var total: UInt64
    package var inBytes: UInt64
    package var outBytes: UInt64
    /// Clients that were accepted and found no channel.
    package var refused: UInt64

    package static let columns = [
        "path", "serial", "state", "address", "when_empty", "current", "total", "in_bytes",
        "out_bytes", "refused",
    ]

    package var row: [String] {
        [
            path, String(serial), state.rawValue, address, whenEmpty, String(current),
            String(total), String(inBytes), String(outBytes), String(refused),
        ]
    }

    package init?(_ fields: Fields) {
        guard let path = fields.text("path"), let serial = fields.number("serial"),
            let state = fields.text("state").flatMap(State.init(rawValue:))
        else { return nil }
        self.init(
            path: path, serial: serial, state: state, address: fields.text("address") ?? "?",
            whenEmpty: fields.text("when_empty") ?? "?", current: fields.number("current") ?? 0,
            total: fields.number("total") ?? 0, inBytes: fields.number("in_bytes") ?? 0,
            outBytes: fields.number("out_bytes") ?? 0, refused: fields.number("refused") ?? 0)
    }

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
