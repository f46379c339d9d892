import Foundation
import Testing

@testable import proxyd

/// `docs/proxyd.schema.json` says what the loader does.
@Suite("Schema")
struct SchemaTests {
    private let definitions: [String: [String: Any]]

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../docs/proxyd.schema.json")
        let schema =
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        definitions = try #require(schema?["$defs"] as? [String: [String: Any]])
    }

    static let sets: [(String, KeySet, String)] = [
        ("file", .file, "%"), ("control", .control, "control: {%}"),
        ("service", .service, "services: [{%}]"),
        ("timeouts", .timeouts, "services: [{timeouts: {%}}]"),
        ("listener", .listener, "services: [{listen: [{%}]}]"),
        ("group", .group, "services: [{groups: [{%}]}]"),
        ("balance", .balance, "services: [{groups: [{balance: {%}}]}]"),
        ("election", .election, "services: [{groups: [{election: {%}}]}]"),
        ("channel", .channel, "services: [{channels: [{%}]}]"),
        ("hold", .whenEmpty, "services: [{when-empty: {%}}]"),
        ("removal-drain", .onRemove, "services: [{on-remove: {%}}]"),
        ("privileges", .privileges, "privileges: {%}"),
        ("per-source", .perSource, "services: [{per-source: {%}}]"),
        ("probe", .probe, "services: [{probe: {%}}]"),
        ("probe-step", .probeStep, "services: [{probe: {kind: send-expect, steps: [{%}]}}]"),
        ("queue", .queue, "services: [{queue: {%}}]"),
        ("metrics", .metrics, "metrics: {%}"),
        ("metrics-listen", .metricsListen, "metrics: {listen: {%}}"),
        ("statsd", .statsd, "metrics: {statsd: {%}}"),
        ("log", .log, "log: {%}"), ("access-log", .accessLog, "log: {access: {%}}"),
        ("error-log", .errorLog, "log: {error: {%}}"),
        ("access-rule", .accessRule, "services: [{access: [{%}]}]"),
        ("listener-socket", .listenerSocket, "services: [{listen: [{socket: {%}}]}]"),
        ("listener-tls", .listenerTLS, "services: [{listen: [{tls: {%}}]}]"),
        ("certificate", .certificate, "services: [{listen: [{tls: {certificates: [{%}]}}]}]"),
        ("channel-tls", .channelTLS, "services: [{channels: [{tls: {%}}]}]"),
        ("route-rule", .routeRule, "services: [{listen: [{route: [{%}]}]}]"),
        ("proxy-protocol", .proxyProtocol, "services: [{listen: [{proxy-protocol: {%}}]}]"),
        ("channel-socket", .channelSocket, "services: [{channels: [{socket: {%}}]}]"),
    ]

    @Test("the schema knows exactly the keys that the loader knows", arguments: sets.indices)
    func keys(index: Int) throws {
        let (name, set, _) = Self.sets[index]
        let properties = try #require(definitions[name]?["properties"] as? [String: Any])
        #expect(properties.keys.sorted() == set.keys.sorted())
        #expect(definitions[name]?["additionalProperties"] as? Bool == false)
        #expect(Self.sets.count == KeySet.all.count)
    }

    @Test("the loader reads every key that it knows", arguments: sets.indices)
    func loaded(index: Int) {
        let (_, set, template) = Self.sets[index]
        for key in set.keys {
            // No key may have such a value, so each that is read at all has a mistake.
            let text = template.replacingOccurrences(of: "%", with: "\(key): {zz: 1}")
            let error = #expect(throws: ConfigurationErrors.self) {
                try ConfigurationFile.parse(text, name: "f")
            }
            let problems = error?.errors.map(\.problem) ?? []
            #expect(
                problems.contains { $0.contains("“zz”") || $0.contains("is a map") }, "\(key)")
        }
    }

    @Test("policies and limits are the same")
    func limits() throws {
        func property(_ name: String, _ key: String) -> [String: Any]? {
            (definitions[name]?["properties"] as? [String: [String: Any]])?[key]
        }
        #expect(definitions["policy"]?["enum"] as? [String] == PolicyName.words)
        #expect(
            property("balance", "key")?["enum"] as? [String] == HashKey.allCases.map(\.rawValue))
        #expect(
            property("balance", "function")?["enum"] as? [String]
                == HashFunction.allCases.map(\.rawValue))
        func range(_ schema: [String: Any]?) -> ClosedRange<Int>? {
            guard let low = schema?["minimum"] as? Int, let high = schema?["maximum"] as? Int
            else { return nil }
            return low...high
        }
        #expect(range(property("channel", "weight")) == ValueReader.weights)
        #expect(range(property("listener", "backlog")) == ValueReader.backlogs)
        #expect(range(property("balance", "seed")) == BalanceOptions.seeds)
        #expect(range(definitions["sessions"]) == ValueReader.sessions)
        let workers = property("file", "workers")?["oneOf"] as? [[String: Any]]
        #expect(range(workers?.last) == ValueReader.workers)
    }

    @Test("a key is either there or announced, not both")
    func announced() {
        for set in KeySet.all { #expect(KeySet.later.isDisjoint(with: set.keys)) }
    }
}
