internal import Shared
internal import Yams

// Where clients of a listener go, read from `route:`.

extension FileReader {
    static let mostRoutes = 1000
    private static let mostNames = 1000

    /// A list of rules, each a map.
    mutating func route(_ map: YAMLMap) -> [Placed<RouteRule>] {
        guard let value = map["route"], let list = yaml.list(value, as: "“route”") else {
            return []
        }
        guard list.count <= Self.mostRoutes else {
            yaml.diagnostics.add(
                "“route” has more than \(Self.mostRoutes) rules", "join those of one target",
                at: value.place)
            return []
        }
        return list.compactMap { item in routeRule(item).map { Placed($0, at: item.place) } }
    }

    private mutating func routeRule(_ value: YAMLValue) -> RouteRule? {
        guard let map = yaml.map(value, .routeRule) else { return nil }
        let name = { (text: String, _: String) throws(ValueError) in
            try ValueReader.name(text)
        }
        let targets = [
            yaml.value(map, "default", name).map { RouteRule.Target.group($0.value) },
            yaml.value(map, "group", name).map { RouteRule.Target.group($0.value) },
            yaml.value(map, "service", name).map { RouteRule.Target.service($0.value) },
        ].compactMap(\.self)
        var rule = RouteRule(target: targets.first ?? .group(""))
        let names = texts(
            map, "sni", most: Self.mostNames, or: "write several rules",
            RouteWords.serverName)
        if !names.isEmpty { rule.conditions.append(.serverName(names)) }
        let protocols = texts(
            map, "alpn", most: Self.mostNames, or: "write several rules", RouteWords.alpn)
        if !protocols.isEmpty { rule.conditions.append(.alpn(protocols)) }
        let bytes = yaml.value(map, "first-bytes", RouteWords.firstBytes)
        if let bytes { rule.conditions.append(.firstBytes(bytes.value)) }
        let given = ["default", "group", "service"].filter { map[$0] != nil }
        guard given.count == 1 else {
            yaml.diagnostics.add(
                given.isEmpty
                    ? "a rule of “route” leads nowhere"
                    : "a rule of “route” has “\(given[0])” and “\(given[1])”",
                "write one of group, service and default", at: value.place)
            return nil
        }
        let conditions = ["sni", "alpn", "first-bytes"].filter { map[$0] != nil }
        if given == ["default"], let first = conditions.first {
            yaml.diagnostics.add(
                "“default” is for everybody, and the rule has “\(first)”",
                "write group: \(map["default"]?.node.scalar?.string ?? "NAME")", at: value.place)
            return nil
        }
        return targets.isEmpty || rule.conditions.count < conditions.count ? nil : rule
    }

    /// One, or a list.
    mutating func texts(
        _ map: YAMLMap, _ key: String, most: Int, or remedy: String = "leave some out",
        _ read: (String) throws(ValueError) -> String
    ) -> [String] {
        guard let value = map[key] else { return [] }
        let values =
            value.node.scalar != nil && !value.isAbsent
            ? [value] : yaml.list(value, as: "“\(key)”") ?? []
        guard values.count <= most else {
            yaml.diagnostics.add(
                "“\(key)” has more than \(most) names", remedy, at: value.place)
            return []
        }
        var names: [String] = []
        for value in values {
            guard let text = yaml.text(value, as: "a name of “\(key)”") else { return [] }
            do throws(ValueError) {
                names.append(try read(text))
            } catch {
                yaml.diagnostics.add(error, at: value.place)
                return []
            }
        }
        return names
    }
}

enum RouteWords {
    /// A host name, or `*.` and one.
    static func serverName(_ text: String) throws(ValueError) -> String {
        try ValueReader.serverName(text, as: "“sni”")
    }

    static func alpn(_ text: String) throws(ValueError) -> String {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw ValueError(
                "“alpn”: invalid protocol “\(text.prefix(60))”", "write h2 or http/1.1")
        }
        return text
    }

    static func firstBytes(_ text: String, as name: String) throws(ValueError) -> FirstBytes {
        switch text {
        case "tls": return .tls
        case "http": return .http
        case "ssh": return .ssh
        case "proxy": return .proxy
        default:
            guard text.hasPrefix("regex:") else {
                throw ValueError(
                    "\(name) is “\(text.prefix(60))”, which is unknown",
                    "write tls, http, ssh, proxy or \"regex:^PATTERN\"")
            }
            let pattern = String(text.dropFirst(6))
            _ = try PreparedRegex(pattern)
            return .regex(pattern)
        }
    }
}

// MARK: - Writing

extension RouteRule {
    func node(_ extent: NodeWriter.Extent) -> Node {
        var writer = NodeWriter(extent)
        func list(_ words: [String]) -> Node {
            words.count == 1 ? Node.text(words[0]) : Node(words.map { Node.text($0) })
        }
        for condition in conditions {
            switch condition {
            case .serverName(let names): writer.put("sni", list(names))
            case .alpn(let names): writer.put("alpn", list(names))
            case .firstBytes(let bytes): writer.put("first-bytes", bytes.text)
            }
        }
        switch target {
        case .group(let name): writer.put(conditions.isEmpty ? "default" : "group", name)
        case .service(let name): writer.put("service", name)
        }
        return writer.node
    }
}
