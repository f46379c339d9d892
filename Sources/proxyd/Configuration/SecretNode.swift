internal import Yams

// Secrets within the tree of a configuration: they carry a mark there, and the code that makes text of the tree says whether
// they are shown.

/// What becomes of secrets where a configuration is written.
enum SecretsWritten: Sendable {
    /// For a file that is read again, and for our own next process.
    case revealed
    /// For people: `(hidden)`.
    case hidden
}

extension Node {
    private static var mark: Tag { Tag("!secret") }

    static func secret(_ secret: Secret<String>) -> Node {
        Node(secret.revealed, mark, .doubleQuoted)
    }

    /// The tree without marks.
    func written(_ secrets: SecretsWritten) -> Node {
        switch self {
        case .scalar(let scalar):
            guard scalar.tag == Self.mark else { return self }
            return switch secrets {
            case .revealed: Node(scalar.string, Tag(.str), .doubleQuoted)
            case .hidden: Node.text(HiddenText.word)
            }
        case .mapping(let mapping):
            return Node(mapping.map { ($0.key, $0.value.written(secrets)) })
        case .sequence(let sequence): return Node(sequence.map { $0.written(secrets) })
        case .alias: return self
        }
    }
}
