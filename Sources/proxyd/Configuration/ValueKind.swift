internal import Shared

/// How a value is read, written and described: what keys of the same kind share.
struct ValueKind<Value: Sendable>: Sendable {
    /// What the manual calls it: `time`.
    var argument: String
    /// Members of its JSON Schema.
    var schema: [String]
    /// A value that no default is, as it stands in the file.
    var example: String
    /// All that it can be, where that is few words.
    var words: [String] = []
    /// Its keys, where it is a map.
    var inner: KeySet?
    /// It is a map or one word.
    var isAlsoWord = false
    /// As a default in the schema; nil: none.
    var json: @Sendable (Value) -> String? = { _ in nil }
    /// nil: the key is not there, or its value has a mistake, which is noted.
    var read: @Sendable (inout FileReader, YAMLMap, String) -> Value?
    /// Without a standard it is always written.
    var write: @Sendable (Value, _ standard: Value?, String, inout NodeWriter) -> Void
}

extension ValueKind where Value: Equatable {
    /// A value that is one text. `text` is nil for what is left out.
    init(
        _ argument: String, _ schema: [String], example: String, words: [String] = [],
        read: @escaping @Sendable (String, String) throws(ValueError) -> Value,
        text: @escaping @Sendable (Value) -> String?,
        json: (@Sendable (Value) -> String?)? = nil
    ) {
        self.argument = argument
        self.schema = schema
        self.example = example
        self.words = words
        self.json = json ?? { value in text(value).map(Schema.quoted) }
        self.read = { reader, map, key in reader.yaml.value(map, key, read)?.value }
        write = { value, standard, key, writer in
            writer.put(key, value, default: standard, text)
        }
    }
}

extension KeyInfo {
    init<Value>(
        _ name: String, _ kind: ValueKind<Value>, settable: Bool, creatable: Bool?, help: String
    ) {
        self.init(
            name, kind.argument, kind.schema, words: kind.words, inner: kind.inner,
            isAlsoWord: kind.isAlsoWord, settable: settable, creatable: creatable, help: help)
    }
}

/// Members of a JSON Schema.
enum Schema {
    /// A definition of `docs/proxyd.schema.json`.
    static func ref(_ definition: String) -> String { "\"$ref\": \"#/$defs/\(definition)\"" }

    static func integers(_ range: ClosedRange<Int>) -> [String] {
        [
            "\"type\": \"integer\"", "\"minimum\": \(range.lowerBound)",
            "\"maximum\": \(range.upperBound)",
        ]
    }

    static func words(_ words: [String]) -> String {
        "\"enum\": [\(words.map(quoted).joined(separator: ", "))]"
    }

    @Sendable static func quoted(_ text: String) -> String { "\"\(text)\"" }
}

// MARK: - Numbers and truths

extension ValueKind where Value: FixedWidthInteger {
    static func number(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind(
            "number", Schema.integers(range), example: "\(range.lowerBound + 2)",
            read: { text, name throws(ValueError) in
                Value(truncatingIfNeeded: try ValueReader.number(text, in: range, as: name))
            },
            text: { "\($0)" }, json: { "\($0)" })
    }

    /// Sessions at once.
    static var sessions: ValueKind {
        var kind = number(ValueReader.sessions)
        kind.schema = [Schema.ref("sessions")]
        return kind
    }
}

extension ValueKind where Value == Bool {
    static var flag: ValueKind {
        var kind = ValueKind(
            "yes | no", [Schema.ref("flag")], example: "", words: ["false", "true"],
            read: ValueReader.flag, text: { $0 ? "true" : "false" }, json: { "\($0)" })
        kind.example = "yes"
        return kind
    }

    /// Written only where it is on.
    static var flagIfOn: ValueKind {
        var kind = flag
        kind.write = { value, _, key, writer in if value { writer.put(key, "true") } }
        return kind
    }

    /// One that is on unless the file says otherwise.
    static var flagOn: ValueKind {
        var kind = flag
        kind.example = "no"
        return kind
    }
}

extension ValueKind where Value == Int? {
    /// `all` means no limit.
    static func numberOrAll(_ range: ClosedRange<Int>) -> ValueKind {
        let members = Schema.integers(range).joined(separator: ", ")
        return ValueKind(
            "number | all", [#""oneOf": [{ "const": "all" }, { \#(members) }]"#], example: "3",
            read: { text, name throws(ValueError) in
                text == "all" ? nil : try ValueReader.number(text, in: range, as: name)
            },
            text: { $0.map(String.init) ?? "all" },
            json: { $0.map(String.init) ?? Schema.quoted("all") })
    }
}

// MARK: - Times

extension ValueKind where Value == Duration {
    static func time(
        _ shortest: Duration = ValueReader.shortest, upTo longest: Duration
    ) -> ValueKind {
        ValueKind(
            "time", [Schema.ref("duration")], example: "17s",
            read: { text, name throws(ValueError) in
                try ValueReader.duration(text, in: shortest...longest, as: name)
            }, text: { $0.exactText })
    }
}

extension ValueKind where Value == Duration? {
    /// `never` and `0` mean none.
    static func timeOrNever(upTo longest: Duration) -> ValueKind {
        ValueKind(
            "time", [Schema.ref("optional-duration")], example: "17s",
            read: { text, name throws(ValueError) in
                try ValueReader.optionalDuration(text, upTo: longest, as: name)
            }, text: { $0.map(\.exactText) ?? "never" })
    }

    /// Likewise, and none is not written.
    static func timeOrNothing(upTo longest: Duration) -> ValueKind {
        var kind = timeOrNever(upTo: longest)
        let write = kind.write
        kind.write = { value, _, key, writer in
            if value != nil { write(value, .some(nil), key, &writer) }
        }
        return kind
    }
}

// MARK: - Words

extension ValueKind
where Value: RawRepresentable & CaseIterable & Equatable, Value.RawValue == String {
    static var word: ValueKind {
        let words = Value.allCases.map(\.rawValue)
        return ValueKind(
            "word", [Schema.words(words)], example: words.last ?? "", words: words,
            read: ValueReader.word, text: { $0.rawValue })
    }
}

extension ValueKind where Value == String {
    /// One that screens show.
    static var label: ValueKind {
        .text("word", [Schema.ref("label")], example: "spare", ValueReader.label)
    }

    /// A Unix socket's.
    static var socketPath: ValueKind {
        .text("path", [Schema.ref("path")], example: "/run/x.sock", ValueReader.path)
    }

    static var wholePath: ValueKind {
        .text("path", [Schema.ref("whole-path")], example: "/run/x", ValueReader.wholePath)
    }

    static var program: ValueKind {
        .text("path", [Schema.ref("program")], example: "/bin/true", ValueReader.program)
    }

    /// A user by name or number.
    static var user: ValueKind {
        .text("word", [Schema.ref("account")], example: "\"0\"", ValueReader.user)
    }

    static var unixGroup: ValueKind {
        .text("word", [Schema.ref("account")], example: "\"0\"", ValueReader.unixGroup)
    }

    static func text(
        _ argument: String, _ schema: [String], example: String,
        _ read: @escaping @Sendable (String, String) throws(ValueError) -> String
    ) -> ValueKind {
        ValueKind(argument, schema, example: example, read: read, text: { $0 })
    }
}

extension ValueKind where Value == UInt32 {
    /// Permission bits.
    static var mode: ValueKind {
        ValueKind(
            "mode", [Schema.ref("mode")], example: "\"0640\"", read: ValueReader.mode,
            text: { $0.octalText })
    }
}

extension UInt32 {
    /// As permission bits.
    var octalText: String {
        let digits = String(self, radix: 8)
        return String(repeating: "0", count: Swift.max(0, 4 - digits.count)) + digits
    }
}
