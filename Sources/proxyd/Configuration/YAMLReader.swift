internal import Yams

/// A value in the file and where it stands.
struct YAMLValue {
    let node: Node
    let place: Place

    /// Nothing, `~` or `null`, without quotes.
    var isAbsent: Bool {
        guard let scalar = node.scalar, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    var isMap: Bool { node.mapping != nil }

    /// What kind of value this is, for people.
    var kind: String {
        switch node {
        case .scalar: isAbsent ? "empty" : "a text"
        case .mapping: "a map"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

/// A map of the file by its keys.
struct YAMLMap {
    let place: Place
    let keys: KeySet
    let values: [String: YAMLValue]

    subscript(key: String) -> YAMLValue? {
        assert(keys.keys.contains(key), "“\(key)” is missing in KeySet, so no file could use it")
        return values[key]
    }
}

/// Takes maps, lists and texts out of a YAML tree, and gathers the mistakes.
struct YAMLReader {
    /// Values of one file, an alias counted wherever it is used: what bounds alias bombs.
    static let mostValues = 200_000

    let fileName: String
    var diagnostics = Diagnostics()
    private var valueCount = 0

    init(fileName: String) { self.fileName = fileName }

    func place(of node: Node) -> Place {
        Place(file: fileName, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    /// The map's values; nil, and a mistake, when it is not a map. Unknown keys are mistakes too.
    mutating func map(_ value: YAMLValue, _ keys: KeySet) -> YAMLMap? {
        guard let mapping = value.node.mapping else {
            diagnostics.add(
                "\(keys.noun) is \(value.kind), not a map", "write it as KEY: VALUE lines",
                at: value.place)
            return nil
        }
        var values: [String: YAMLValue] = [:]
        take(mapping, into: &values, keys, isMerged: false)
        return YAMLMap(place: value.place, keys: keys, values: values)
    }

    private mutating func take(
        _ mapping: Node.Mapping, into values: inout [String: YAMLValue], _ keys: KeySet,
        isMerged: Bool
    ) {
        var merged: [Node] = []
        for (key, value) in mapping {
            guard !diagnostics.isFull, count(at: place(of: key)) else { return }
            guard let word = key.scalar?.string else {
                diagnostics.add(
                    "a list or a map cannot be a key", "write a word", at: place(of: key))
                continue
            }
            if word == "<<", key.scalar?.style == .plain {
                merged.append(value)
            } else if !keys.keys.contains(word) {
                diagnostics.add(keys.error(about: word), at: place(of: key))
            } else if !isMerged || values[word] == nil {
                let found = YAMLValue(node: value, place: place(of: value))
                // What is not there has no place of its own.
                values[word] =
                    found.isAbsent ? YAMLValue(node: value, place: place(of: key)) : found
            }
        }
        // Own keys win over merged ones (YAML's merge key), so these come last.
        for node in merged {
            let sources = node.sequence.map { Array($0) } ?? [node]
            for source in sources {
                guard count(at: place(of: source)) else { return }
                guard let source = source.mapping else {
                    diagnostics.add(
                        "“<<” merges maps, and this is not a map", "write it as <<: *NAME",
                        at: place(of: source))
                    continue
                }
                take(source, into: &values, keys, isMerged: true)
            }
        }
    }

    /// The list's elements; nil, and a mistake, when it is not a list.
    mutating func list(_ value: YAMLValue, as name: String) -> [YAMLValue]? {
        guard let sequence = value.node.sequence else {
            diagnostics.add(
                "\(name) is \(value.kind), not a list",
                "write its elements on lines that begin with “- ”", at: value.place)
            return nil
        }
        var values: [YAMLValue] = []
        for node in sequence {
            guard !diagnostics.isFull, count(at: value.place) else { return nil }
            values.append(YAMLValue(node: node, place: place(of: node)))
        }
        return values
    }

    /// The text; nil, and a mistake, when it is not a text.
    mutating func text(_ value: YAMLValue, as name: String) -> String? {
        guard let scalar = value.node.scalar, !value.isAbsent else {
            diagnostics.add(
                "\(name) is \(value.kind), not a single value",
                value.isAbsent ? "write a value, or leave the key out" : "write one word or number",
                at: value.place)
            return nil
        }
        return scalar.string
    }

    /// The value of a key as `read` understands it; nil when it is not there, or has a mistake.
    mutating func value<Result>(
        _ map: YAMLMap, _ key: String,
        _ read: (String, String) throws(ValueError) -> Result
    ) -> Placed<Result>? {
        guard let value = map[key], let text = text(value, as: "“\(key)”") else { return nil }
        do throws(ValueError) {
            return Placed(try read(text, "“\(key)”"), at: value.place)
        } catch {
            diagnostics.add(error, at: value.place)
            return nil
        }
    }

    /// Whether there is room for one more value.
    private mutating func count(at place: Place) -> Bool {
        valueCount += 1
        if valueCount == Self.mostValues + 1 {
            diagnostics.add(
                "the file has more than \(Self.mostValues) values", "use fewer aliases (*NAME)",
                at: place)
        }
        return valueCount <= Self.mostValues
    }
}
