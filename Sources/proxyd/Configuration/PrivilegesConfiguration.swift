/// What the daemon gives up once everything is bound.
struct PrivilegesConfiguration: Equatable, Sendable {
    /// Whom it becomes: a name, or a number.
    var user: String?
    /// Likewise; nil: the user's own.
    var group: String?
    /// The directory that becomes its `/`.
    var chroot: String?
    /// Whether ports below 1024 can still be bound afterwards.
    var keepsBind = false

    /// Whether anything is given up at all.
    var isAsked: Bool { self != PrivilegesConfiguration() }
}

/// Reads `privileges:`.
extension FileReader {
    mutating func privileges(_ value: YAMLValue) -> PrivilegesConfiguration {
        var privileges = PrivilegesConfiguration()
        guard let map = yaml.map(value, .privileges) else { return privileges }
        privileges.user = yaml.value(map, "user", ValueReader.user)?.value
        privileges.group = yaml.value(map, "group", ValueReader.unixGroup)?.value
        privileges.chroot = yaml.value(map, "chroot", ValueReader.wholePath)?.value
        privileges.keepsBind = yaml.value(map, "keep-bind", ValueReader.flag)?.value ?? false
        if map.values.isEmpty, yaml.mistakes.isEmpty {
            yaml.mistakes.add("“privileges” says nothing", "write user: NAME", at: value.place)
        }
        return privileges
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

    /// A path that means the same wherever one stands.
    static func wholePath(_ text: String, as name: String) throws(ValueError) -> String {
        guard text.hasPrefix("/"), text.utf8.count < 4096, !text.utf8.contains(0) else {
            throw ValueError("\(name) is “\(text)”, which is no whole path", "begin it with “/”")
        }
        return text
    }
}
