import Testing

@testable import proxyd

/// Every property of the settings has its row, and a row does what it says.
@Suite("Keys of the file")
struct KeyTableTests {
    /// Keys that mean something only beside another one.
    private static func beside(_ key: String, in set: KeySet) -> String? {
        switch (set.noun, key) {
        case (_, "queue"): "overload: queue"
        case (_, "election"): "balance: primary"
        case (KeySet.listenerTLS.noun, _) where key != "certificate": "certificate: /run/y.pem"
        default: nil
        }
    }

    /// Values of their own that are parts of another, and rows whose keys are parts of these.
    private static func isPart(_ value: Any) -> Bool {
        value is PassiveHealthRules || value is ServiceLimits || value is ProbeDraft
            || value is TLSVersions || value is TLSCiphers
    }

    /// Every stored property, with its value as text.
    private func properties(of settings: Any, _ prefix: String = "") -> [String: String] {
        var found: [String: String] = [:]
        for child in Mirror(reflecting: settings).children {
            let name = prefix + (child.label ?? "")
            if Self.isPart(child.value) {
                found.merge(properties(of: child.value, name + ".")) { first, _ in first }
            } else {
                found[name] = String(reflecting: child.value)
            }
        }
        return found
    }

    private func read<Settings>(
        _ value: YAMLValue, _ table: KeyTable<Settings>
    ) throws -> Settings {
        var reader = FileReader(yaml: YAMLReader(fileName: "f"))
        guard let map = reader.yaml.map(value, table.set) else { throw Missing("a map") }
        var settings = table.standard
        table.read(map, into: &settings, with: &reader)
        let errors = reader.yaml.diagnostics.errors.errors
        #expect(errors.isEmpty, "\(errors)")
        return settings
    }

    private func read<Settings>(_ text: String, _ table: KeyTable<Settings>) throws -> Settings {
        let root = try YAMLText.compose(text, fileName: "f")
        return try read(YAMLValue(node: root, place: Place(path: "")), table)
    }

    private func check<Settings: Equatable>(_ table: KeyTable<Settings>) throws {
        var owners: [String: String] = [:]
        for key in table.keys where !key.example.isEmpty {
            let name = key.info.name
            let beside = Self.beside(name, in: table.set)
            let before = try beside.map { try read("{\($0)}", table) } ?? table.standard
            let text = (beside.map { "\($0), " } ?? "") + "\(name): \(key.example)"
            let settings = try read("{\(text)}", table)
            let (old, new) = (properties(of: before), properties(of: settings))
            let changed = new.filter { $0.value != old[$0.key] }.keys
            #expect(!changed.isEmpty, "\(table.set.noun): “\(name)” sets nothing")
            for property in changed {
                #expect(owners[property] == nil, "\(property) is set by “\(name)”, too")
                owners[property] = name
            }
            for extent in [NodeWriter.Extent.difference, .whole] {
                let node = table.writer(of: settings, extent).node
                let keys = node.leaves.map { $0.key.split(separator: ".")[0] }
                #expect(keys.contains { $0 == name }, "\(name) is not written")
                // All on one line it is what `set` takes.
                if name == "balance", extent == .whole { continue }
                let written = YAMLValue(node: node, place: Place(path: ""))
                #expect(try read(written, table) == settings, "\(name)")
            }
        }
        for property in properties(of: table.standard).keys {
            #expect(owners[property] != nil, "\(table.set.noun): no key sets “\(property)”")
        }
        #expect(Set(table.set.keys).count == table.set.keys.count)
    }

    @Test("each key sets a property that no other sets, and is written as it was read")
    func rows() throws {
        try check(DaemonSettings.keys)
        try check(ControlConfiguration.keys)
        try check(PrivilegesConfiguration.keys)
        try check(ServiceSettings.keys)
        try check(Timeouts.keys)
        try check(PerSource.keys)
        try check(ListenerSettings.keys)
        try check(SocketOptions.listenerKeys)
        try check(TLSListenerConfiguration.keys)
        try check(GroupSettings.keys)
        try check(ElectionConfiguration.keys)
        try check(ChannelSettings.keys)
        try check(TLSChannelConfiguration.keys)
    }

    private static let paths: [(ConfigurationEdit.Verb, String, KeySet)] = [
        (.set, "mail", .service), (.setListener, "mail/0", .listener),
        (.set, "mail/main", .group), (.set, "mail/main/b", .channel),
    ]

    @Test("set takes exactly the keys that say so", arguments: paths.indices)
    func settable(index: Int) throws {
        let (verb, path, set) = Self.paths[index]
        let configuration = try ConfigurationFile.parse(editedFile, name: "f")
        for key in set.rows {
            var isRefused = false
            do throws(ConfigurationEdit.Failure) {
                var draft = ConfigurationDraft(of: configuration)
                try ConfigurationEdit(verb: verb, words: [path, key.name, "default"])
                    .apply(to: &draft)
            } catch {
                isRefused = error.message.contains("cannot be set")
            }
            #expect(isRefused == !key.isSettable, "\(path) \(key.name)")
        }
    }
}
