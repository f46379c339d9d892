internal import Shared
internal import Yams

// Who may come in, read from `access:` of a service or a listener.

extension FileReader {
    static let mostAccessRules = 1000

    /// A list of rules, each a map or a line, or all of them on one line: `allow 10.0.0.0/8, deny all`.
    mutating func access(_ map: YAMLMap) -> [AccessRule] {
        guard let value = map["access"] else { return [] }
        if value.node.scalar != nil, !value.isAbsent {
            let lines = yaml.text(value, as: "“access”")?.split(separator: ",") ?? []
            return lines.compactMap { accessRule(line: String($0), at: value.place) }
        }
        guard let list = yaml.list(value, as: "“access”") else { return [] }
        guard list.count <= Self.mostAccessRules else {
            yaml.diagnostics.add(
                "“access” has more than \(Self.mostAccessRules) rules",
                "put the networks into a file: - deny-file: /path", at: value.place)
            return []
        }
        return list.compactMap { item in
            if item.isMap { return accessRule(item) }
            guard let line = yaml.text(item, as: "a rule of “access”") else { return nil }
            return accessRule(line: line, at: item.place)
        }
    }

    private mutating func accessRule(line: String, at place: Place) -> AccessRule? {
        do throws(ValueError) {
            return try AccessLine.rule(line, networkFiles)
        } catch {
            isForbidden = isForbidden || error == NetworkFiles.forbidden
            yaml.diagnostics.add(error, at: place)
            return nil
        }
    }

    /// `{ deny: [10.0.0.0/8], action: reset }`
    private mutating func accessRule(_ value: YAMLValue) -> AccessRule? {
        guard let map = yaml.map(value, .accessRule) else { return nil }
        let action = yaml.value(map, "action", AccessLine.action)
        let verbs = ["allow", "deny", "allow-file", "deny-file"].filter { map[$0] != nil }
        guard let verb = verbs.first, verbs.count == 1, let operand = map[verb] else {
            yaml.diagnostics.add(
                verbs.isEmpty
                    ? "a rule of “access” neither allows nor denies"
                    : "a rule of “access” has “\(verbs[0])” and “\(verbs[1])”",
                "write one of allow, deny, allow-file and deny-file", at: value.place)
            return nil
        }
        if let action, verb.hasPrefix("allow") {
            yaml.diagnostics.add(
                "“action” says what a denied client meets, and this rule allows", "remove it",
                at: action.place)
        }
        let values =
            operand.node.scalar != nil && !operand.isAbsent
            ? [operand] : yaml.list(operand, as: "“\(verb)”") ?? []
        let words = values.compactMap { yaml.text($0, as: "a value of “\(verb)”") }
        guard words.count == values.count, !words.isEmpty else { return nil }
        do throws(ValueError) {
            return AccessRule(
                verdict: verb.hasPrefix("allow") ? .allow : .deny(action?.value ?? .close),
                clients: try AccessLine.clients(
                    words, isFile: verb.hasSuffix("-file"), networkFiles))
        } catch {
            isForbidden = isForbidden || error == NetworkFiles.forbidden
            yaml.diagnostics.add(error, at: operand.place)
            return nil
        }
    }
}

/// Reads a rule from one line: `deny 10.0.0.0/8 2001:db8::/32 reset`.
enum AccessLine {
    static func rule(
        _ line: String, _ files: NetworkFiles = NetworkFiles()
    ) throws(ValueError) -> AccessRule {
        var words = line.split(separator: " ").map(String.init)
        guard let verb = words.first, ["allow", "deny", "allow-file", "deny-file"].contains(verb)
        else {
            throw ValueError(
                "invalid access rule “\(line.prefix(60))”",
                "write it as “allow 10.0.0.0/8” or “deny all reset”")
        }
        words.removeFirst()
        var verdict = AccessRule.Verdict.allow
        if verb.hasPrefix("deny") { verdict = .deny(try takeAction(from: &words)) }
        guard !words.isEmpty else {
            throw ValueError(
                "“\(line.prefix(60))” says not whom it means", "add a network, “all” or “unix”")
        }
        return AccessRule(
            verdict: verdict,
            clients: try clients(words, isFile: verb.hasSuffix("-file"), files))
    }

    /// What stands behind the clients; `close` where nothing does.
    private static func takeAction(from words: inout [String]) throws(ValueError) -> DenyAction {
        guard let index = words.firstIndex(where: { names.contains($0) }) else { return .close }
        let text = words[index...].joined(separator: " ")
        words.removeSubrange(index...)
        return try action(text, as: "the action")
    }

    private static let names: Set = ["close", "reset", "tarpit", "drop"]

    /// `close`, `reset`, `tarpit`, `tarpit 30s` or `drop`.
    static func action(_ text: String, as name: String) throws(ValueError) -> DenyAction {
        switch text {
        case "close": return .close
        case "reset": return .reset
        case "drop": return .drop
        case "tarpit": return .tarpit(DenyAction.standardTarpit)
        default:
            guard text.hasPrefix("tarpit "), let time = text.split(separator: " ").last else {
                throw ValueError(
                    "\(name) is “\(text)”, which is unknown",
                    "write close, reset, drop or tarpit 30s")
            }
            return .tarpit(
                try ValueReader.duration(
                    String(time), in: ValueReader.shortest...ValueReader.longestHold,
                    as: "“tarpit”"))
        }
    }

    static func clients(
        _ words: [String], isFile: Bool, _ files: NetworkFiles
    ) throws(ValueError) -> AccessRule.Clients {
        if isFile {
            guard let path = words.first, words.count == 1 else {
                throw ValueError(
                    "a rule of “access” names several files", "write a rule for each")
            }
            return .file(path: path, try files.networks(of: path))
        }
        if words == ["all"] { return .all }
        if words == ["unix"] { return .unix }
        var networks: [Network] = []
        for word in words { networks.append(try network(word)) }
        return .networks(networks)
    }

    static func network(_ text: String) throws(ValueError) -> Network {
        guard let network = Network(rule: text) else {
            let isWord = text == "all" || text == "unix"
            throw ValueError(
                isWord
                    ? "“\(text)” stands among networks"
                    : "invalid network “\(text.prefix(60))”",
                isWord ? "give it a rule of its own" : "write it as 10.0.0.0/8 or 2001:db8::/32")
        }
        return network
    }
}
