/// Somebody at the control socket, and what they are about to change: a row of `show control`.
package struct PresenceSnapshot: Snapshot {
    package var uid: UInt64
    package var pid: UInt64
    /// The name of the user; nil when it has none, or it is not known yet.
    package var user: String?
    package var program: String
    package var role: String
    /// Since it connected.
    package var sinceMilliseconds: UInt64
    /// Paths for which a change is being considered.
    package var intends: [String]
    /// Whether it is the connection that asks.
    package var isOwn: Bool

    package static let columns = [
        "uid", "pid", "user", "program", "role", "since_ms", "intends", "own",
    ]

    package var row: [String] {
        [
            String(uid), String(pid), user.cell, program, role, String(sinceMilliseconds),
            intends.isEmpty ? Table.absent : intends.joined(separator: " "), isOwn ? "yes" : "no",
        ]
    }

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

    package init?(_ fields: Fields) {
        guard let pid = fields.number("pid") else { return nil }
        self.init(
            uid: fields.number("uid") ?? 0, pid: pid, user: fields.text("user"),
            program: fields.text("program") ?? "?", role: fields.text("role") ?? "?",
            sinceMilliseconds: fields.number("since_ms") ?? 0,
            intends: (fields.text("intends") ?? "").split(separator: " ").map(String.init),
            isOwn: fields.text("own") == "yes")
    }
}
