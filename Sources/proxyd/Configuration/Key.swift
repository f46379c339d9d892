/// One key of a map in the file: where its value is kept, and how it is read, written and described.
struct Key<Settings: Sendable>: Sendable {
    typealias Read = @Sendable (inout FileReader, YAMLMap, inout Settings) -> Void
    typealias Write = @Sendable (Settings, _ standard: Settings, inout NodeWriter) -> Void

    fileprivate(set) var info: KeyInfo
    /// Takes the value from the map, if the key is there.
    fileprivate let read: Read
    /// Writes the value where it differs from the standard, or all is to be written.
    fileprivate let write: Write
    /// The value that holds when the key is left out, as JSON.
    fileprivate let standard: @Sendable (Settings) -> String?
    /// A value that no default is, as it stands in the file: for the tests of every row.
    let example: String

    /// A key whose value is one property.
    init<Value>(
        _ name: String, _ path: any WritableKeyPath<Settings, Value> & Sendable,
        _ kind: ValueKind<Value>, settable: Bool = false, creatable: Bool? = nil,
        hasDefault: Bool = true, help: String = "",
        writeIf isWritten: @escaping @Sendable (Settings) -> Bool = { _ in true }
    ) {
        info = KeyInfo(
            name, kind, settable: settable, creatable: creatable, help: help)
        read = { reader, map, settings in
            guard let value = kind.read(&reader, map, name) else { return }
            settings[keyPath: path] = value
        }
        write = { settings, standard, writer in
            guard isWritten(settings) else { return }
            kind.write(settings[keyPath: path], standard[keyPath: path], name, &writer)
        }
        standard = { hasDefault ? kind.json($0[keyPath: path]) : nil }
        example = kind.example
    }

    /// A key whose value is one property, which is nil when the key is left out.
    init<Value>(
        _ name: String, _ path: any WritableKeyPath<Settings, Value?> & Sendable,
        _ kind: ValueKind<Value>, settable: Bool = false, creatable: Bool? = nil,
        default text: String? = nil, help: String = ""
    ) {
        info = KeyInfo(
            name, kind, settable: settable, creatable: creatable, help: help)
        read = { reader, map, settings in
            guard let value = kind.read(&reader, map, name) else { return }
            settings[keyPath: path] = value
        }
        write = { settings, _, writer in
            guard let value = settings[keyPath: path] else { return }
            kind.write(value, nil, name, &writer)
        }
        standard = { _ in text }
        example = kind.example
    }

    /// A map whose keys are properties of a part of the settings.
    init<Part>(
        _ name: String, _ path: any WritableKeyPath<Settings, Part> & Sendable,
        _ table: KeyTable<Part>, settable: Bool = false, creatable: Bool? = nil,
        schema: String, help: String = "",
        writeIf isWritten: @escaping @Sendable (Settings) -> Bool = { _ in true },
        check: @escaping @Sendable (inout FileReader, YAMLValue, Settings) -> Void = { _, _, _ in }
    ) {
        info = KeyInfo(
            name, "map", [schema], inner: table.set, settable: settable,
            creatable: creatable, help: help)
        read = { reader, map, settings in
            guard let value = map[name], let inner = reader.yaml.map(value, table.set) else {
                return
            }
            table.read(inner, into: &settings[keyPath: path], with: &reader)
            check(&reader, value, settings)
        }
        write = { settings, standard, writer in
            guard isWritten(settings) else { return }
            var inner = NodeWriter(writer.extent)
            table.write(settings[keyPath: path], standard[keyPath: path], to: &inner)
            writer.put(name, inner)
        }
        standard = { _ in nil }
        example = table.example
    }

    /// A key that another row reads, or that is read with the map's name and address.
    init(_ info: KeyInfo) {
        self.info = info
        read = { _, _, _ in }
        write = { _, _, _ in }
        standard = { _ in nil }
        example = ""
    }

}

/// Everything that a map of the file can have, a row per key.
struct KeyTable<Settings: Sendable>: Sendable {
    let set: KeySet
    let keys: [Key<Settings>]
    /// What holds where the file says nothing.
    let standard: Settings

    init(
        _ noun: String, _ standard: Settings,
        @KeyTableBuilder<Settings> _ keys: () -> [Key<Settings>]
    ) {
        self.standard = standard
        self.keys = keys()
        set = KeySet(
            noun,
            self.keys.map { key in
                var info = key.info
                if let text = key.standard(standard) { info.schema.append("\"default\": \(text)") }
                return info
            })
    }

    func read(_ map: YAMLMap, into settings: inout Settings, with reader: inout FileReader) {
        for key in keys { key.read(&reader, map, &settings) }
    }

    /// Writes what differs from the standard, another one where something else goes without saying.
    func write(_ settings: Settings, _ standard: Settings? = nil, to writer: inout NodeWriter) {
        for key in keys { key.write(settings, standard ?? self.standard, &writer) }
    }

    func writer(of settings: Settings, _ extent: NodeWriter.Extent) -> NodeWriter {
        var writer = NodeWriter(extent)
        write(settings, to: &writer)
        return writer
    }

    /// A map with the examples of all of its keys.
    var example: String {
        let pairs = keys.filter { !$0.example.isEmpty }.map { "\($0.info.name): \($0.example)" }
        return "{\(pairs.joined(separator: ", "))}"
    }
}

/// Rows one below the other, each checked by itself.
@resultBuilder
enum KeyTableBuilder<Settings: Sendable> {
    static func buildExpression(_ key: Key<Settings>) -> [Key<Settings>] { [key] }
    static func buildBlock(_ keys: [Key<Settings>]...) -> [Key<Settings>] { keys.flatMap(\.self) }
}
