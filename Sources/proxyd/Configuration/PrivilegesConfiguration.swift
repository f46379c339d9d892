internal import Shared

/// What the daemon gives up once everything is bound.
struct PrivilegesConfiguration: Equatable, Sendable {
    /// The user that it becomes: a name, or a number.
    var user: String?
    /// Likewise; nil: the user's own.
    var group: String?
    /// The directory that becomes its `/`.
    var chroot: String?
    /// Whether ports below 1024 can still be bound afterwards.
    var keepsBind = false

    /// Whether anything is given up at all.
    var isAsked: Bool { self != PrivilegesConfiguration() }

    static let keys = KeyTable("“privileges”", PrivilegesConfiguration()) {
        Key("user", \.user, .user, help: "A name or a number.")
        Key(
            "group", \.group, .unixGroup,
            help: "A name or a number; the user's own unless said otherwise.")
        Key("chroot", \.chroot, .wholePath, help: "The root directory from then on.")
        Key(
            "keep-bind", \.keepsBind, .flag,
            help: "Ports below 1024 can be bound later, too. The default is no.")
    }
}

extension ValueReader {
    /// The name or the number of a user. A name has to be known, so that a wrong one is a mistake with its place.
    static func user(_ text: String, as name: String) throws(ValueError) -> String {
        try account(text, Principals.user)
    }

    /// The name or the number of a Unix group.
    static func unixGroup(_ text: String, as name: String) throws(ValueError) -> String {
        try account(text, Principals.group)
    }

    private static func account(
        _ text: String, _ number: (String) throws(ValueError) -> UInt32
    ) throws(ValueError) -> String {
        _ = try number(text)
        return text
    }
}
