/// One group at one instant: a row of `show groups`.
package struct GroupSnapshot: Snapshot {
    package var path = "?"
    package var serial: UInt64 = 0
    package var role = GroupRole.standby
    /// The policy's name, e.g. `round-robin`.
    package var balance = "?"
    /// Channels that could take a session or are merely full, and all of them.
    package var usable: UInt64 = 0
    package var channels: UInt64 = 0
    package var current: UInt64 = 0
    /// The sum of `maxc` over usable channels; nil when one of them has no limit.
    package var slots: UInt64?
    package var total: UInt64 = 0
    /// Sessions that an earlier group should have taken.
    package var spilled: UInt64 = 0
    /// Equal in daemons whose policy sends the same clients to the same channels; nil: it has none.
    package var digest: String?
    /// The path of the primary; nil where there is none, or no election.
    package var elected: String?

    package static let fields: [Field<Self>] = [
        Field("path", \.path, isRequired: true),
        Field("serial", \.serial, isRequired: true),
        Field("role", \.role, isRequired: true),
        Field("balance", \.balance),
        Field("usable", \.usable),
        Field("channels", \.channels),
        Field("current", \.current),
        Field("slots", \.slots),
        Field("total", \.total),
        Field("spilled", \.spilled),
        Field("digest", \.digest),
        Field("elected", \.elected),
    ]

    package init() {}

    package init(
        path: String, serial: UInt64, role: GroupRole, balance: String, usable: UInt64,
        channels: UInt64, current: UInt64, slots: UInt64?, total: UInt64, spilled: UInt64,
        digest: String? = nil, elected: String? = nil
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
        self.elected = elected
    }
}
