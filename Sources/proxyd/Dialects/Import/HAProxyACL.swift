internal import Shared

/// Conditions of HAProxy by what a TLS client says first, as our routes have them.
struct HAProxyACL {
    /// By name; several lines of one name are alternatives. Empty: one that is not understood.
    private var known: [String: [RouteRule.Condition]] = [:]

    static let serverNames: Set = ["req_ssl_sni", "req.ssl_sni", "ssl_fc_sni"]
    private static let protocols: Set = ["req_ssl_alpn", "req.ssl_alpn", "ssl_fc_alpn"]
    /// One line may mean so many rules.
    private static let mostAlternatives = 64

    /// `acl NAME FETCH [-i] [-m METHOD] VALUE…`
    /// - Returns: whether it is understood.
    mutating func read(_ line: HAProxyLine) -> Bool {
        guard let condition = Self.condition(line.words.dropFirst(2)) else {
            known[line[1]] = []
            return false
        }
        // One that was not understood stays so: half of a condition is another one.
        guard known[line[1]] != [] else { return false }
        known[line[1], default: []].append(condition)
        return true
    }

    /// `if A B or { req_ssl_sni -i NAME }`: alternatives, each of conditions that all have to fit. nil: not understood.
    func alternatives(_ words: ArraySlice<String>) -> [[RouteRule.Condition]]? {
        var alternatives: [[RouteRule.Condition]] = []
        var current: [[RouteRule.Condition]]?
        var rest = words
        while let word = rest.popFirst() {
            if word == "or" || word == "||" {
                guard let complete = current else { return nil }
                alternatives += complete
                current = nil
                continue
            }
            let term: [RouteRule.Condition]
            if word == "{" {
                guard let end = rest.firstIndex(of: "}"),
                    let condition = Self.condition(rest[..<end])
                else { return nil }
                rest = rest[rest.index(after: end)...]
                term = [condition]
            } else {
                term = known[word] ?? []
            }
            guard !term.isEmpty else { return nil }
            current = (current ?? [[]]).flatMap { left in term.map { left + [$0] } }
            guard current?.count ?? 0 <= Self.mostAlternatives else { return nil }
        }
        guard let last = current else { return nil }
        return alternatives + last
    }

    private static func condition(_ words: ArraySlice<String>) -> RouteRule.Condition? {
        guard var fetch = words.first else { return nil }
        if fetch.hasSuffix(",lower") { fetch = String(fetch.dropLast(6)) }
        var method = "str"
        for base in serverNames where fetch == base + "_end" {
            (fetch, method) = (base, "end")
        }
        guard serverNames.contains(fetch) || protocols.contains(fetch) else { return nil }
        var values: [String] = []
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            switch word {
            case "-i", "--": break
            case "-m":
                guard let next = rest.popFirst() else { return nil }
                method = next
            case let word where word.hasPrefix("-"): return nil
            default: values.append(word)
            }
        }
        guard !values.isEmpty, values.count <= 1000 else { return nil }
        let isName = serverNames.contains(fetch)
        switch method {
        case "str": break
        case "end" where isName:
            // “.example.com” is every name below it, “example.com” that name as well.
            values = values.flatMap { $0.hasPrefix(".") ? ["*\($0)"] : [$0, "*.\($0)"] }
        default: return nil
        }
        let read = values.compactMap { value in
            isName ? try? RouteWords.serverName(value) : try? RouteWords.alpn(value)
        }
        guard read.count == values.count else { return nil }
        return isName ? .serverName(read) : .alpn(read)
    }
}
