internal import Glibc

/// What the environment says.
enum Environment {
    static func value(of name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// no-color.org: set and not empty, whatever it says.
    static var forbidsColour: Bool { value(of: "NO_COLOR")?.isEmpty == false }
}
