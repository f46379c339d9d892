internal import Shared
internal import Yams

/// Whether a proxy in front of us announces a listener's clients.
enum ProxyProtocolIn: Equatable, Sendable {
    case never
    /// Every connection begins with a header.
    case require
    /// Those of these proxies do; all others are taken as they are.
    case acceptFrom([Network], unix: Bool)

    /// Whether a connection from there has to begin with a header.
    func isExpected(from peer: Endpoint) -> Bool {
        switch (self, peer) {
        case (.never, _): false
        case (.require, _): true
        case (.acceptFrom(let networks, _), .ip(let address, _)):
            networks.contains { $0.contains(address) }
        case (.acceptFrom(_, let unix), _): unix
        }
    }
}

// MARK: - Reading

extension FileReader {
    /// `never`, `require`, `accept-from 10.0.0.0/8 unix`, or a map: `accept-from: [10.0.0.0/8]`.
    mutating func proxyProtocolIn(_ map: YAMLMap) -> ProxyProtocolIn {
        guard let value = map["proxy-protocol"] else { return .never }
        guard value.isMap else {
            return yaml.value(map, "proxy-protocol") { text, name throws(ValueError) in
                try ProxyProtocolIn(words: text.split(separator: " ").map(String.init), as: name)
            }?.value ?? .never
        }
        guard let inner = yaml.map(value, .proxyProtocol) else { return .never }
        guard inner["accept-from"] != nil else {
            yaml.diagnostics.add(
                "“proxy-protocol” says nothing", "write require, or accept-from: [10.0.0.0/8]",
                at: value.place)
            return .never
        }
        guard let words = words(inner, "accept-from") else { return .never }
        return placed(words) { words throws(ValueError) in
            try ProxyProtocolIn(words: ["accept-from"] + words, as: "“proxy-protocol”")
        } ?? .never
    }

    /// `v1`, `v2`, or `v2` with what else it sends: `v2 unique-id sni`.
    mutating func proxyProtocolOut(_ map: YAMLMap) -> ProxyProtocolChoice? {
        guard let words = words(map, "proxy-protocol") else { return nil }
        return placed(words) { words throws(ValueError) in
            try ProxyProtocolChoice(words: words)
        }
    }

    /// One word, several of them, or a list.
    private mutating func words(_ map: YAMLMap, _ key: String) -> Placed<[String]>? {
        guard let value = map[key] else { return nil }
        let values =
            value.node.scalar != nil && !value.isAbsent
            ? [value] : yaml.list(value, as: "“\(key)”") ?? []
        var words: [String] = []
        for value in values {
            guard let text = yaml.text(value, as: "a word of “\(key)”") else { return nil }
            words += text.split(separator: " ").map(String.init)
        }
        return words.isEmpty ? nil : Placed(words, at: value.place)
    }

    private mutating func placed<Value>(
        _ words: Placed<[String]>, _ read: ([String]) throws(ValueError) -> Value
    ) -> Value? {
        do throws(ValueError) {
            return try read(words.value)
        } catch {
            yaml.diagnostics.add(error, at: words.place)
            return nil
        }
    }
}

/// What a channel or its group says about it; `never` undoes what the group says.
enum ProxyProtocolChoice: Equatable, Sendable {
    case never
    case send(ProxyProtocolOut)

    var form: ProxyProtocolOut? { if case .send(let form) = self { form } else { nil } }

    init(words: [String]) throws(ValueError) {
        switch words.first {
        case "never" where words.count == 1: self = .never
        case "v1" where words.count == 1: self = .send(ProxyProtocolOut(isBinary: false))
        case "v2":
            var form = ProxyProtocolOut(isBinary: true)
            for word in words.dropFirst() {
                guard let known = ProxyProtocolOut.Options.names.first(where: { $0.name == word })
                else {
                    let names = ProxyProtocolOut.Options.names.map(\.name)
                    throw ValueError(
                        "“proxy-protocol” is to tell of “\(word.prefix(40))”, which is unknown",
                        "write \(ValueReader.choice(names))")
                }
                form.options.insert(known.option)
            }
            self = .send(form)
        default:
            throw ValueError(
                "“proxy-protocol” is “\(words.joined(separator: " ").prefix(60))” for a channel, which is unknown",
                "write v1, v2, or v2 with unique-id, sni, alpn, client-certificate or crc32c")
        }
    }

    /// As `set` takes it.
    var text: String {
        guard let form else { return "never" }
        guard form.isBinary else { return "v1" }
        let options = ProxyProtocolOut.Options.names.filter { form.options.contains($0.option) }
        return (["v2"] + options.map(\.name)).joined(separator: " ")
    }
}

extension ProxyProtocolIn {
    static let mostNetworks = 1000

    init(words: [String], as name: String) throws(ValueError) {
        switch words.first {
        case "never" where words.count == 1: self = .never
        case "require" where words.count == 1: self = .require
        case "accept-from" where words.count > 1:
            guard words.count <= Self.mostNetworks else {
                throw ValueError(
                    "\(name) has more than \(Self.mostNetworks) networks", "join some of them")
            }
            var networks: [Network] = []
            for word in words.dropFirst() where word != "unix" {
                networks.append(try AccessLine.network(word))
            }
            self = .acceptFrom(networks, unix: words.contains("unix"))
        default:
            throw ValueError(
                "\(name) is “\(words.joined(separator: " ").prefix(60))” for a listener, which is unknown",
                "write require, never, or accept-from 10.0.0.0/8")
        }
    }

    /// As `set` takes it.
    var text: String {
        switch self {
        case .never: "never"
        case .require: "require"
        case .acceptFrom(let networks, let unix):
            (["accept-from"] + networks.map(\.text) + (unix ? ["unix"] : []))
                .joined(separator: " ")
        }
    }
}
