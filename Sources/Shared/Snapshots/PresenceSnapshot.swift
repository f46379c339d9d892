/// A client of the control socket, and what it is about to change: a row of `show control`.
package struct PresenceSnapshot: Snapshot {
    package var uid: UInt64 = 0
    package var pid: UInt64 = 0
    /// The name of the user; nil when it has none, or it is not known yet.
    package var user: String?
    package var program = "?"
    package var role = "?"
    /// Since it connected.
    package var sinceMilliseconds: UInt64 = 0
    /// Paths for which a change is being considered.
    package var intends: [String] = []
    /// Whether it is the connection that asks.
    package var isOwn = false

    package static let fields: [Field<Self>] = [
        Field("uid", \.uid),
        Field("pid", \.pid, isRequired: true),
        Field("user", \.user),
        Field("program", \.program),
        Field("role", \.role),
        Field("since_ms", \.sinceMilliseconds),
        Field("intends", \.intends),
        Field("own", \.isOwn),
    ]

    package init() {}

    package init(
        uid: UInt64, pid: UInt64, user: String?, program: String, role: String,
        sinceMilliseconds: UInt64, intends: [String], isOwn: Bool
    ) {
        self.uid = uid
        self.pid = pid
        self.user = user
        self.program = program
        self.role = role
        self.sinceMilliseconds = sinceMilliseconds
        self.intends = intends
        self.isOwn = isOwn
    }

}
