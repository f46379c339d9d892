internal import Glibc

/// The variables that this process was started with (environ(7)).
enum ProcessEnvironment {
    static func value(of name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

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
