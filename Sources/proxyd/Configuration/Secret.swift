/// A value that no log, table, event, dump or message shows: whatever makes text of it writes `(hidden)`.
struct Secret<Value: Equatable & Sendable>: Equatable, Sendable {
    /// For the code that uses it, and for files that are read again.
    let revealed: Value

    init(_ value: Value) { revealed = value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { HiddenText.word }
    var debugDescription: String { HiddenText.word }
    var customMirror: Mirror { Mirror(self, children: []) }
}

enum HiddenText {
    /// What is written in place of a secret; no secret may be this text.
    static let word = "(hidden)"
}

/// The path that an HTTP probe asks for. What follows “?” may be a token, so a path with a query is a secret.
enum RequestPath: Equatable, Sendable {
    case plain(String)
    case secret(Secret<String>)

    init(_ text: String) { self = text.contains("?") ? .secret(Secret(text)) : .plain(text) }

    var revealed: String {
        switch self {
        case .plain(let text): text
        case .secret(let secret): secret.revealed
        }
    }
}

extension RequestPath: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self.init(text) }
}
