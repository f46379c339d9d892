internal import Shared

/// `map $ssl_preread_server_name $NAME { … }`: where clients go by what they say first.
struct NginxMap {
    struct Choice {
        var conditions: [RouteRule.Condition]
        /// An upstream, or an address.
        var destination: String
        var place: String
    }

    private(set) var choices: [Choice] = []
    private(set) var remarks = ImportRemarks()

    static let serverNames: Set = ["$ssl_preread_server_name", "$ssl_server_name"]
    private static let protocols: Set = ["$ssl_preread_alpn_protocols", "$ssl_alpn_protocol"]

    /// Whether it is a map of that kind.
    static func isOne(_ directive: NginxDirective) -> Bool {
        directive.block != nil && directive[2].hasPrefix("$")
            && (serverNames.contains(directive[1]) || protocols.contains(directive[1]))
    }

    /// Names go before patterns, the longest pattern first, and the default last, as in nginx.
    init(_ directive: NginxDirective) {
        let lines = directive.block ?? []
        let isOfNames = Self.serverNames.contains(directive[1])
        let hasPatterns = lines.contains { $0.name == "hostnames" }
        var exact: [Choice] = []
        var patterns: [(length: Int, choice: Choice)] = []
        var otherwise: [Choice] = []
        for line in lines where line.name != "hostnames" && line.name != "volatile" {
            func choice(_ conditions: [RouteRule.Condition]) -> Choice {
                Choice(conditions: conditions, destination: line[1], place: line.place)
            }
            guard line.name != "default" else {
                otherwise = [choice([])]
                continue
            }
            guard isOfNames else {
                if let word = Self.word(line.name) {
                    exact.append(choice([.alpn([word])]))
                } else {
                    remarks.drop(line.text, at: line.place)
                }
                continue
            }
            let names = Self.names(line.name, hasPatterns: hasPatterns)
            guard let names else {
                remarks.drop(line.text, at: line.place)
                continue
            }
            if names.contains(where: { $0.hasPrefix("*") }) {
                patterns.append((line.name.utf8.count, choice([.serverName(names)])))
            } else {
                exact.append(choice([.serverName(names)]))
            }
        }
        let sorted = patterns.enumerated().sorted { left, right in
            (right.element.length, left.offset) < (left.element.length, right.offset)
        }
        choices = exact + sorted.map(\.element.choice) + otherwise
    }

    /// `a.example`, `*.example`, or `.example` for both; nil: not understood.
    private static func names(_ key: String, hasPatterns: Bool) -> [String]? {
        let plain = key.hasPrefix("\\") ? String(key.dropFirst()) : key
        let isPattern = key.hasPrefix(".") || key.hasPrefix("*.")
        guard hasPatterns || !isPattern else { return nil }
        let words = key.hasPrefix(".") ? [String(key.dropFirst()), "*" + key] : [plain]
        let names = words.compactMap { try? RouteWords.serverName($0) }
        return names.count == words.count ? names : nil
    }

    /// A protocol alone, or `~\bh2\b`.
    private static func word(_ key: String) -> String? {
        var word = key
        if word.hasPrefix("~\\b"), word.hasSuffix("\\b"), word.count > 5 {
            word = String(word.dropFirst(3).dropLast(2))
        }
        guard !word.hasPrefix("~"), !word.contains(",") else { return nil }
        return try? RouteWords.alpn(word)
    }
}
