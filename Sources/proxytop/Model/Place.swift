/// Where something is: the parts of a path such as `mail/0/2`.
struct Place: Hashable, Sendable {
    var service: String
    var group: String
    var channel: String

    /// A channel's path; the service may be missing when there is only one.
    init(channelPath: String) {
        let parts = Self.parts(channelPath)
        channel = parts.last ?? ""
        group = parts.count > 1 ? parts[parts.count - 2] : ""
        service = parts.dropLast(2).joined(separator: "/")
    }

    init(groupPath: String) {
        let parts = Self.parts(groupPath)
        channel = ""
        group = parts.last ?? ""
        service = parts.dropLast().joined(separator: "/")
    }

    /// As the table names it: `0.2`.
    var shortName: String { "\(group).\(channel)" }

    /// The path of the group that a channel's path lies in.
    static func groupPath(ofChannel path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    private static func parts(_ path: String) -> [String] {
        path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }
}

/// What the cursor can stand on, by an identity that outlives sorting, insertion and removal.
enum Subject: Hashable, Sendable {
    case service(String)
    case group(serial: UInt64)
    case channel(serial: UInt64)
    /// The line that stands for a group's channels with nothing to report.
    case quiet(group: UInt64)
    case listener(serial: UInt64)
    case session(id: UInt64)
    case event(id: UInt64)
}
