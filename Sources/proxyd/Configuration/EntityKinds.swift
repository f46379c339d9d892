internal import Shared
internal import Yams

// Kinds of values that are read and written like no other.

extension ValueKind where Value: Equatable {
    /// A map whose keys are a table's; what it says together is checked once it is read.
    static func map(
        _ table: KeyTable<Value>, _ schema: String,
        check: @escaping @Sendable (inout FileReader, YAMLValue, Value) -> Void = { _, _, _ in }
    ) -> ValueKind {
        ValueKind(
            argument: "map", schema: [schema], example: table.example, inner: table.set,
            read: { reader, map, key in
                guard let value = map[key], let inner = reader.yaml.map(value, table.set) else {
                    return nil
                }
                var settings = table.standard
                table.read(inner, into: &settings, with: &reader)
                check(&reader, value, settings)
                return settings
            },
            write: { settings, _, key, writer in
                writer.put(key, table.writer(of: settings, writer.extent))
            })
    }
}

// MARK: - One text, or a map with a time

extension ValueKind where Value == WhenEmpty {
    static var whenEmpty: ValueKind {
        var kind = ValueKind(
            "what", [Schema.ref("when-empty")], example: "hold 17s",
            words: ["close", "hold", "refuse", "reset"], read: ValueReader.whenEmpty,
            text: { $0.text })
        kind.read = { reader, map, _ in reader.whenEmpty(map) }
        return kind
    }
}

extension ValueKind where Value == OnRemove {
    static var onRemove: ValueKind {
        var kind = ValueKind(
            "what", [Schema.ref("on-remove")], example: "drain 17s",
            words: ["cut", "drain", "keep"], read: ValueReader.onRemove, text: { $0.text })
        kind.read = { reader, map, _ in reader.onRemove(map) }
        return kind
    }
}

extension ValueKind where Value == OnBindFailure {
    static var onBindFailure: ValueKind {
        ValueKind(
            "what",
            [
                #""type": "string""#,
                #""pattern": "^(fail|skip|retry [0-9.]+(ms|s|m|h|d)?)$""#,
            ], example: "retry 17s", words: ["fail", "retry", "skip"],
            read: ValueReader.onBindFailure, text: { $0.text })
    }
}

extension FileReader {
    /// A text, or a map: `hold: 10s`.
    fileprivate mutating func whenEmpty(_ map: YAMLMap) -> WhenEmpty? {
        guard let value = map["when-empty"], value.isMap else {
            return yaml.value(map, "when-empty", ValueReader.whenEmpty)?.value
        }
        guard let inner = yaml.map(value, .whenEmpty) else { return nil }
        if inner.values.isEmpty, yaml.diagnostics.isEmpty {
            yaml.diagnostics.add("“when-empty” says nothing", "write hold: 10s", at: value.place)
        }
        return yaml.value(inner, "hold") { text, name throws(ValueError) in
            WhenEmpty.hold(
                try ValueReader.duration(
                    text, in: ValueReader.shortest...ValueReader.longestHold, as: name))
        }?.value
    }

    /// A text, or a map: `drain: 30s`.
    fileprivate mutating func onRemove(_ map: YAMLMap) -> OnRemove? {
        guard let value = map["on-remove"], value.isMap else {
            return yaml.value(map, "on-remove", ValueReader.onRemove)?.value
        }
        guard let inner = yaml.map(value, .onRemove) else { return nil }
        if inner.values.isEmpty, yaml.diagnostics.isEmpty {
            yaml.diagnostics.add("“on-remove” says nothing", "write drain: 30s", at: value.place)
        }
        return yaml.value(inner, "drain") { text, name throws(ValueError) in
            OnRemove.drain(
                try ValueReader.duration(
                    text, in: ValueReader.shortest...ValueReader.longestHold, as: name))
        }?.value
    }
}

// MARK: - Balance and probes

extension ValueKind where Value == BalanceConfiguration {
    static var balance: ValueKind {
        ValueKind(
            argument: "policy",
            schema: [
                ##""oneOf": [{ "$ref": "#/$defs/policy" }, { "$ref": "#/$defs/balance" }]"##
            ], example: "{policy: hash, failover: true}", words: PolicyName.words, inner: .balance,
            isAlsoWord: true, json: { Schema.quoted($0.policy.rawValue) },
            read: { reader, map, _ in reader.balance(map) },
            write: { balance, _, _, writer in balance.put(in: &writer) })
    }
}

extension FileReader {
    /// A policy's word, or a map with its options.
    fileprivate mutating func balance(_ map: YAMLMap) -> BalanceConfiguration? {
        guard let value = map["balance"], value.isMap else {
            let policy = yaml.value(map, "balance", ValueReader.policy)?.value
            return policy.map { BalanceConfiguration(policy: $0) }
        }
        guard let inner = yaml.map(value, .balance) else { return nil }
        var options = BalanceOptions()
        var isGood = true
        for key in KeySet.balance.keys where inner[key] != nil {
            let read = yaml.value(inner, key) { text, _ throws(ValueError) in
                try options.set(key, to: text)
            }
            isGood = isGood && read != nil
        }
        if inner["policy"] == nil {
            yaml.diagnostics.add(
                "“balance” names no policy", "add “policy”, as in policy: hash", at: value.place)
            isGood = false
        }
        guard isGood else { return nil }
        do throws(BalanceOptions.Conflict) {
            return try options.configuration()
        } catch {
            yaml.diagnostics.add(error.error, at: inner[error.option]?.place ?? value.place)
            return nil
        }
    }
}

extension ValueKind where Value == [ProbeConfiguration] {
    static var probes: ValueKind {
        ValueKind(
            argument: "probe", schema: [Schema.ref("probe-plan")], example: "smtp",
            words: ProbeKind.allCases.map(\.rawValue), inner: .probe, isAlsoWord: true,
            read: { reader, map, _ in reader.probes(map) },
            write: { probes, _, _, writer in probes.put(in: &writer) })
    }
}

extension ValueKind where Value == ProbeNeed {
    static var probeNeed: ValueKind {
        var kind = word
        kind.argument = "all | any"
        kind.schema = [Schema.ref("probe-need")]
        return kind
    }
}

// MARK: - Clients and connections

extension ValueKind where Value == [AccessRule] {
    static var access: ValueKind {
        ValueKind(
            argument: "rules", schema: [Schema.ref("access")], example: "deny 10.0.0.0/8",
            read: { reader, map, _ in map["access"] == nil ? nil : reader.access(map) },
            write: { rules, _, key, writer in
                guard !rules.isEmpty else { return }
                // On one line it is what `set` takes.
                if writer.extent == .whole {
                    writer.put(key, rules.text)
                } else {
                    writer.put(key, Node(rules.map { Node.text($0.description) }))
                }
            })
    }
}

extension ValueKind where Value == [RouteRule] {
    static var route: ValueKind {
        ValueKind(
            argument: "list",
            schema: [
                #""type": "array""#, #""maxItems": 1000"#,
                ##""items": { "$ref": "#/$defs/route-rule" }"##,
            ], example: "[{default: spare}]",
            read: { reader, map, _ in
                guard map["route"] != nil else { return nil }
                let rules = reader.route(map)
                reader.routePlaces = rules.map(\.place)
                return rules.map(\.value)
            },
            write: { rules, _, key, writer in
                guard !rules.isEmpty else { return }
                let extent = writer.extent
                writer.put(key, Node(rules.map { $0.node(extent) }))
            })
    }
}

extension ValueKind where Value == ConnectionSource {
    static var source: ValueKind {
        ValueKind(
            argument: "addresses", schema: [Schema.ref("source")], example: "10.0.0.7",
            words: ["client"], read: { reader, map, _ in reader.source(map) },
            write: { source, _, key, writer in writer.put(key, source.text) })
    }
}

extension ValueKind where Value == ProxyProtocolIn {
    static var proxyProtocol: ValueKind {
        ValueKind(
            argument: "what",
            schema: [
                ##""oneOf": [{ "type": "string" }, { "$ref": "#/$defs/proxy-protocol" }]"##
            ], example: "require", json: { Schema.quoted($0.text) },
            read: { reader, map, _ in
                map["proxy-protocol"] == nil ? nil : reader.proxyProtocolIn(map)
            },
            write: { form, standard, key, writer in
                writer.put(key, form, default: standard) { $0.text }
            })
    }
}

extension ValueKind where Value == ProxyProtocolChoice {
    static var proxyHeader: ValueKind {
        ValueKind(
            argument: "words", schema: [Schema.ref("proxy-protocol-out")], example: "v2 sni",
            read: { reader, map, _ in reader.proxyProtocolOut(map) },
            write: { choice, _, key, writer in writer.put(key, choice.text) })
    }
}

extension ValueKind where Value == Principals {
    static var principals: ValueKind {
        ValueKind(
            argument: "principals", schema: [Schema.ref("principals")], example: "[\"0\"]",
            read: { reader, map, key in map[key] == nil ? nil : reader.principals(map, key) },
            write: { principals, _, key, writer in
                // Numbers, which mean the same whatever becomes of the names.
                let words =
                    principals.users.sorted().map { String($0) }
                    + principals.groups.sorted().map { "@\($0)" }
                if !words.isEmpty { writer.put(key, Node(words.map { Node.text($0) })) }
            })
    }
}
