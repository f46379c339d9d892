internal import Shared
internal import Yams

/// Changes one key of a thing as it would stand in the file, and has the file's reader judge it.
enum NodeEdit {
    /// A map of keys and values; a key may lead into an inner map: `timeouts.idle`.
    static func map(_ pairs: [(key: String, value: String)]) throws(ConfigurationEdit.Failure)
        -> Node
    {
        var node = Node([(Node, Node)]())
        for (key, value) in pairs { node = try change(node, key, [value]) }
        return node
    }

    /// What is said of certificates and keys stands in files, and is taken from there as a whole.
    static func refuseWhatIsOnlyInFiles(_ key: String) throws(ConfigurationEdit.Failure) {
        guard key == "tls" || key.hasPrefix("tls.") else { return }
        throw ConfigurationEdit.Failure(
            .invalid, "“tls” cannot be set while things run; write it into the file, and reload")
    }

    /// The map with another value for one key. `default` and `-` take the key out.
    static func change(
        _ node: Node, _ key: String, _ words: [String]
    ) throws(ConfigurationEdit.Failure) -> Node {
        let parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains("") else {
            throw ConfigurationEdit.Failure(.usage, "invalid key “\(key.prefix(40))”")
        }
        try refuseWhatIsOnlyInFiles(key)
        return replace(parts[...], in: node, with: value(of: words, for: parts[0]))
    }

    private static func replace(_ parts: ArraySlice<String>, in node: Node, with value: Node?)
        -> Node
    {
        guard let key = parts.first else { return value ?? node }
        var pairs: [(Node, Node)] = node.mapping?.map { ($0.key, $0.value) } ?? []
        // `balance: hash` is short for a map with a policy.
        if node.mapping == nil, let word = node.scalar?.string {
            pairs = [(Node.text("policy"), Node.text(word))]
        }
        let index = pairs.firstIndex { $0.0.scalar?.string == key }
        let inner = index.map { pairs[$0].1 } ?? Node([(Node, Node)]())
        let new = parts.count > 1 ? replace(parts.dropFirst(), in: inner, with: value) : value
        // A map that has become empty is taken out.
        let isEmpty = new.map { $0.mapping?.isEmpty ?? false } ?? true
        switch (index, isEmpty ? nil : new) {
        case (let index?, let new?): pairs[index].1 = new
        case (let index?, nil): pairs.remove(at: index)
        case (nil, let new?): pairs.append((Node.text(key), new))
        case (nil, nil): break
        }
        return Node(pairs)
    }

    /// One word as it is; `hold 10s` too; of a policy and its options a map.
    private static func value(of words: [String], for key: String) -> Node? {
        if words == ["default"] || words == ["-"] { return nil }
        if key == "balance", words.count > 1 {
            let options = words.dropFirst().map { word in
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                return (Node.text(parts.first ?? ""), Node.text(parts.count > 1 ? parts[1] : ""))
            }
            return Node([(Node.text("policy"), Node.text(words[0]))] + options)
        }
        return Node.text(words.joined(separator: " "))
    }

    /// What the file's reader makes of it; its first mistake, if there is one.
    static func read<Draft>(
        _ node: Node, _ files: NetworkFiles, _ read: (inout FileReader, YAMLValue) -> Draft
    ) throws(ConfigurationEdit.Failure) -> Draft {
        var reader = FileReader(yaml: YAMLReader(fileName: ""), networkFiles: files)
        let draft = read(&reader, YAMLValue(node: node, place: Place(path: "")))
        if let error = reader.yaml.diagnostics.errors.errors.first {
            throw ConfigurationEdit.Failure(
                reader.isForbidden ? .forbidden : .invalid,
                error.problem + (error.remedy.map { "; \($0)" } ?? ""))
        }
        return draft
    }
}

// What `change` starts from: the things of a draft as they would stand in the file.

extension ChannelDraft {
    var node: Node? { endpoint.map { settings.node(.difference, at: $0) } }
}

extension ListenerDraft {
    func node(in service: ServiceDraft) -> Node? {
        endpoint.map { settings.node(.difference, at: $0, in: service.settings) }
    }
}
