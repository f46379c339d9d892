internal import Yams

/// Users and Unix groups that have a role on the control socket.
struct Principals: Equatable, Sendable {
    var users: Set<UInt32> = []
    var groups: Set<UInt32> = []

    /// Adds `alice`, `1001`, `@ops` or `@1001`. Names are looked up at once, so that a wrong one is a
    /// mistake with its place and not a door that stays shut.
    mutating func add(_ text: String) throws(ValueError) {
        let isGroup = text.hasPrefix("@")
        let name = isGroup ? String(text.dropFirst()) : text
        if isGroup {
            groups.insert(try Self.group(name))
        } else {
            guard let number = try Self.number(of: name, isGroup: false) else {
                throw Self.unknown(name, "user", "create it, or write @NAME for a group")
            }
            users.insert(number)
        }
    }

    /// The number of a user, by name or by itself.
    static func user(_ name: String) throws(ValueError) -> UInt32 {
        guard let number = try number(of: name, isGroup: false) else {
            throw unknown(name, "user", "create it, or name another")
        }
        return number
    }

    /// The number of a Unix group, by name or by itself.
    static func group(_ name: String) throws(ValueError) -> UInt32 {
        guard let number = try number(of: name, isGroup: true) else {
            throw unknown(name, "Unix group", "create it, or name another")
        }
        return number
    }

    private static func unknown(_ name: String, _ kind: String, _ remedy: String) -> ValueError {
        ValueError("there is no \(kind) “\(name)” on this machine", remedy)
    }

    private static func number(of name: String, isGroup: Bool) throws(ValueError) -> UInt32? {
        guard !name.isEmpty, name.utf8.count <= 256, !name.utf8.contains(0) else {
            throw ValueError(
                "“\(name.prefix(40))” names no user or group",
                "write a user's name or number, or @GROUP")
        }
        if name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // The last one means “unchanged” to the kernel.
            guard let number = UInt32(name), number != .max else {
                throw ValueError(
                    "\(name.prefix(40)) is out of range", "write a number below 4294967295")
            }
            return number
        }
        return isGroup ? Accounts.groupNumber(named: name) : Accounts.userNumber(named: name)
    }
}

extension FileReader {
    /// A list of names and numbers, or a single one.
    mutating func principals(_ map: YAMLMap, _ key: String) -> Principals {
        var principals = Principals()
        guard let value = map[key] else { return principals }
        let values =
            value.node.scalar != nil && !value.isAbsent
            ? [value] : yaml.list(value, as: "“\(key)”") ?? []
        for value in values {
            guard let text = yaml.text(value, as: "a name of “\(key)”") else { continue }
            do throws(ValueError) {
                try principals.add(text)
            } catch {
                yaml.diagnostics.add(error, at: value.place)
            }
        }
        return principals
    }
}
