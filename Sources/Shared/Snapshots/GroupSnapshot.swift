/// One group at one instant: a row of `show groups`.
package struct GroupSnapshot: Snapshot {
    package var path: String
    package var serial: UInt64
    package var role: GroupRole
    /// The policy's name, e.g. `round-robin`.
    package var balance: String
    /// Channels that could take a session or are merely full, and all of them.
    package var usable: UInt64
    package var channels: UInt64
    package var current: UInt64
    /// The sum of `maxc` over usable channels; nil when one of them has no limit.
    package var slots: UInt64?
    package var total: UInt64
    /// Sessions that an earlier group should have taken.
    package var spilled: UInt64
    /// Equal in daemons whose policy sends the same clients to the same channels; nil: it has none.
    package var digest: String?

    package static let columns = [
        "path", "serial", "role", "balance", "usable", "channels", "current", "slots", "total",
        "spilled", "digest",
    ]

    package var row: [String] {
        [
            path, String(serial), role.rawValue, balance, String(usable), String(channels),
            String(current), slots.cell, String(total), String(spilled),
            digest.cell,
        ]
    }

    package init?(_ fields: Fields) {
        guard let path = fields.text("path"), let serial = fields.number("serial"),
            let role = fields.text("role").flatMap(GroupRole.init(rawValue:))
        else { return nil }
        self.init(
            path: path, serial: serial, role: role, balance: fields.text("balance") ?? "?",
            usable: fields.number("usable") ?? 0, channels: fields.number("channels") ?? 0,
            current: fields.number("current") ?? 0, slots: fields.number("slots"),
            total: fields.number("total") ?? 0, spilled: fields.number("spilled") ?? 0,
            digest: fields.text("digest"))
    }

    package init(
        path: String, serial: UInt64, role: GroupRole, balance: String, usable: UInt64,
        channels: UInt64, current: UInt64, slots: UInt64?, total: UInt64, spilled: UInt64,
        digest: String? = nil
    ) {
        self.path = path
        self.serial = serial
        self.role = role
        self.balance = balance
        self.usable = usable
        self.channels = channels
        self.current = current
        self.slots = slots
        self.total = total
        self.spilled = spilled
        self.digest = digest
    }
}
