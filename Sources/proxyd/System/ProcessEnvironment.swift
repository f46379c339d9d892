internal import Glibc
internal import Synchronization

/// The variables that this process was started with (environ(7)).
enum ProcessEnvironment {
    static func value(of name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Variables that hold a secret, and that no program which we start gets to see.
    private static let secrets = CountedMutex<Set<String>>([])

    /// The same of a variable that holds a secret: from now on programs that we start do not have it.
    static func secret(of name: String) -> String? {
        secrets.withLock { _ = $0.insert(name) }
        return value(of: name)
    }

    static func isSecret(_ name: String) -> Bool { secrets.withLock { $0.contains(name) } }

    /// Takes variables away; before there is another thread, as others may be reading them.
    static func take(_ names: [String]) -> [String: String] {
        var taken: [String: String] = [:]
        for name in names {
            taken[name] = value(of: name)
            _ = unsafe unsetenv(name)
        }
        return taken
    }
}
