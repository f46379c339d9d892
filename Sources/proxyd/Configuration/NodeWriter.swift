internal import Shared
internal import Yams

/// Gathers the keys of one map of the file, in the order in which they are to stand there.
struct NodeWriter {
    /// What is written.
    enum Extent {
        /// What differs from the defaults: what a person would write.
        case difference
        /// The defaults as well: what is in force. What has no limit is left out.
        case whole
    }

    let extent: Extent
    private var pairs: [(Node, Node)] = []

    init(_ extent: Extent) { self.extent = extent }

    var node: Node { Node(pairs) }
    var isEmpty: Bool { pairs.isEmpty }

    /// A value that is always written.
    mutating func put(_ key: String, _ text: String) { put(key, Node.text(text)) }

    mutating func put(_ key: String, _ node: Node) { pairs.append((Node.text(key), node)) }

    /// A value that has a default; without one it is always written.
    mutating func put<Value: Equatable>(
        _ key: String, _ value: Value, default standard: Value?, _ text: (Value) -> String?
    ) {
        guard extent == .whole || value != standard, let text = text(value) else { return }
        put(key, text)
    }

    mutating func put(_ key: String, _ value: Int, default standard: Int) {
        put(key, value, default: standard) { String($0) }
    }

    mutating func put(_ key: String, _ value: Int?) {
        if let value { put(key, String(value)) }
    }

    mutating func put(_ key: String, _ value: String?) {
        if let value { put(key, value) }
    }

    mutating func put(_ key: String, _ value: Bool, default standard: Bool) {
        put(key, value, default: standard) { $0 ? "true" : "false" }
    }

    mutating func put(_ key: String, _ value: Duration, default standard: Duration) {
        put(key, value, default: standard) { $0.exactText }
    }

    /// A time that may be none.
    mutating func put(_ key: String, _ value: Duration?, default standard: Duration?) {
        put(key, value, default: standard) { $0.map(\.exactText) ?? "never" }
    }

    mutating func put<Word: RawRepresentable & Equatable>(
        _ key: String, _ value: Word, default standard: Word
    ) where Word.RawValue == String {
        put(key, value, default: standard) { $0.rawValue }
    }

    /// A list, unless nothing is in it.
    mutating func put(_ key: String, _ words: [String]) {
        if !words.isEmpty { put(key, Node(words.map { Node.text($0) })) }
    }

    /// A map, unless nothing is in it.
    mutating func put(_ key: String, _ inner: NodeWriter) {
        if !inner.isEmpty { put(key, inner.node) }
    }
}

extension Node {
    /// A text that is read as it is written: in quotes wherever YAML could take it for something else.
    static func text(_ text: String) -> Node {
        let plain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || [0x20, 0x2B, 0x2D, 0x2E, 0x2F, 0x5F].contains($0)
        }
        let isWord = text.utf8.first.map { $0 != 0x20 && $0 != 0x2D && $0 != 0x2E } ?? false
        let isNothing = ["null", "Null", "NULL"].contains(text)
        let isOctal = text.hasPrefix("0") && text.utf8.count > 1
        let isPlain = plain && isWord && !isNothing && !isOctal && text.utf8.last != 0x20
        return Node(text, Tag(.str), isPlain ? .plain : .doubleQuoted)
    }

    /// All texts below this one, each with the way that leads there: `timeouts.idle`. For people.
    var leaves: [(key: String, text: String)] { leaves(.hidden) }

    func leaves(_ secrets: SecretsWritten) -> [(key: String, text: String)] {
        written(secrets).plainLeaves
    }

    private var plainLeaves: [(key: String, text: String)] {
        switch self {
        case .mapping(let mapping):
            return mapping.flatMap { key, value in
                let key = key.scalar?.string ?? ""
                return value.plainLeaves.map { leaf in
                    (leaf.key.isEmpty ? key : "\(key).\(leaf.key)", leaf.text)
                }
            }
        default: return [("", flow)]
        }
    }

    /// On one line.
    private var flow: String {
        switch self {
        case .scalar(let scalar): scalar.string
        case .sequence(let sequence): "[" + sequence.map(\.flow).joined(separator: ", ") + "]"
        case .mapping(let mapping):
            "{"
                + mapping.map { "\($0.key.flow): \($0.value.flow)" }.joined(separator: ", ")
                + "}"
        case .alias: "*"
        }
    }
}

extension Duration {
    /// In the largest unit that says it without a fraction, so that it is read as it was: `90s`, `1500ms`.
    var exactText: String {
        let milliseconds = Age(self).milliseconds
        let units: [(UInt64, String)] = [
            (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"),
        ]
        for (size, unit) in units where milliseconds > 0 && milliseconds.isMultiple(of: size) {
            return "\(milliseconds / size)\(unit)"
        }
        return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
    }
}
