/// What is known of a key of the file besides how it is read and written: the reader, `set`, completion,
/// `docs/proxyd.schema.json` and proxyd.conf(5) take it from here.
struct KeyInfo: Sendable {
    let name: String
    /// What the manual calls its value: `time`.
    let argument: String
    /// Members of its JSON Schema: `"$ref": "#/$defs/duration"`.
    var schema: [String]
    /// For the manual and the schema, marked up as `HelpText` says.
    let help: String
    /// `set` may change it while the daemon runs.
    let isSettable: Bool
    /// `create` takes it as KEY=VALUE.
    let isCreatable: Bool
    /// The words that its value can be, where they are few.
    let words: [String]
    /// The keys of its value, where that is a map.
    let inner: KeySet?
    /// Its value is a map or one word: `balance: hash`.
    let isAlsoWord: Bool

    init(
        _ name: String, _ argument: String, _ schema: [String], words: [String] = [],
        inner: KeySet? = nil, isAlsoWord: Bool = false, settable: Bool = false,
        creatable: Bool? = nil, help: String = ""
    ) {
        self.name = name
        self.argument = argument
        self.schema = schema
        self.words = words
        self.inner = inner
        self.isAlsoWord = isAlsoWord
        isSettable = settable
        isCreatable = creatable ?? settable
        self.help = help
    }

    /// How `set` names it: a map by the keys in it, as in `timeouts.idle`.
    fileprivate var paths: [String] {
        guard let inner else { return [name] }
        return (isAlsoWord ? [name] : []) + inner.settablePaths.map { "\(name).\($0)" }
    }
}

/// The keys that a map of the file may have.
struct KeySet: Sendable {
    /// What the map describes, for messages: `a service`.
    let noun: String
    let rows: [KeyInfo]
    let keys: [String]

    init(_ noun: String, _ rows: [KeyInfo]) {
        self.noun = noun
        self.rows = rows
        keys = rows.map(\.name)
    }

    /// The keys that `set` may change.
    var settable: [String] { rows.filter(\.isSettable).map(\.name) }

    /// The same with the keys of inner maps as they are written: `timeouts.idle`.
    var settablePaths: [String] { rows.filter(\.isSettable).flatMap(\.paths) }

    /// The keys that `create` takes as KEY=VALUE.
    var creatable: [String] { rows.filter(\.isCreatable).map(\.name) }

    /// The words that the value under a key, or under a path such as `balance.policy`, can be.
    func words(at path: String) -> [String] {
        let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
        guard let row = rows.first(where: { $0.name == parts.first }) else { return [] }
        return parts.count == 1 ? row.words : row.inner?.words(at: parts[1]) ?? []
    }

    /// Keys that the design names and this version lacks, wherever they stand.
    static let later: Set<String> = ["checks", "trigger"]

    /// What to say about a key that is not in the set.
    func error(about key: String) -> ValueError {
        if Self.later.contains(key) {
            return ValueError("“\(key)” is not available in this version", "remove it")
        }
        let problem = "unknown key “\(key)” in \(noun)"
        if let near = NearestWord.nearest(to: key, among: keys) {
            return ValueError(problem, "did you mean “\(near)”?")
        }
        if let owner = Self.all.first(where: { $0.keys.contains(key) }) {
            return ValueError(problem, "it belongs in \(owner.noun)")
        }
        return ValueError(problem, "the keys here are \(keys.joined(separator: ", "))")
    }
}
