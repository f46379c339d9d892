internal import Shared

/// Where clients of a listener go, made ready for many of them.
final class RouteTable: Sendable {
    private let rules: [Rule]

    private struct Rule: Sendable {
        var conditions: [Condition]
        var target: Target
    }

    private enum Condition: Sendable {
        case serverName(exact: Set<String>, below: [String])
        case alpn([[UInt8]])
        case firstBytes(FirstBytes)
        case regex(PreparedRegex)

        func answer(_ bytes: [UInt8], _ hello: ClientHelloReading) -> Answer {
            switch self {
            case .serverName(let exact, let below):
                RouteTable.answer(hello) { hello in
                    guard let name = hello.serverName else { return false }
                    return exact.contains(name) || below.contains { name.hasSuffix($0) }
                }
            case .alpn(let names):
                RouteTable.answer(hello) { hello in hello.alpn.contains(where: names.contains) }
            case .firstBytes(.tls):
                switch hello {
                case .complete, .malformed: .yes
                case .other: .no
                case .incomplete: bytes.count < 6 ? .unknown(needs: 6) : .yes
                }
            case .firstBytes(.http): RouteTable.answer(bytes, to: RouteTable.http)
            case .firstBytes(.ssh): RouteTable.answer(bytes, to: RouteTable.ssh)
            case .firstBytes(.proxy): RouteTable.answer(bytes, to: RouteTable.proxy)
            case .firstBytes(.regex): .no
            case .regex(let regex):
                switch regex.isFound(inGrowing: bytes) {
                case true?: .yes
                case false?: .no
                case nil: .unknown(needs: bytes.count + 1)
                }
            }
        }
    }

    enum Target: Sendable {
        case group(String)
        case service(Service)
    }

    /// What can be said now.
    enum Decision: Sendable {
        case target(Target)
        /// With so many bytes there may be more to say.
        case undecided(needs: Int)
        /// No rule fits.
        case none
    }

    /// Of a condition, with what has come so far.
    private enum Answer { case yes, no, unknown(needs: Int) }

    /// nil where there are no rules. Of services that are not there nothing is kept: the file's rules see to
    /// it that there are none.
    init?(_ rules: [RouteRule], among services: [Service]) {
        guard !rules.isEmpty else { return nil }
        self.rules = rules.compactMap { rule in
            let target: Target
            switch rule.target {
            case .group(let name): target = .group(name)
            case .service(let name):
                guard let service = services.first(where: { $0.name == name }) else { return nil }
                target = .service(service)
            }
            return Rule(conditions: rule.conditions.compactMap(Self.condition), target: target)
        }
    }

    private static func condition(_ condition: RouteRule.Condition) -> Condition? {
        switch condition {
        case .serverName(let names):
            return .serverName(
                exact: Set(names.filter { !$0.hasPrefix("*.") }),
                below: names.filter { $0.hasPrefix("*.") }.map { String($0.dropFirst()) })
        case .alpn(let names): return .alpn(names.map { Array($0.utf8) })
        case .firstBytes(.regex(let pattern)):
            return (try? PreparedRegex(pattern)).map { .regex($0) }
        case .firstBytes(let bytes): return .firstBytes(bytes)
        }
    }

    /// Decides by the first rule that fits, and not before all rules above it are known not to.
    func decide(_ bytes: [UInt8], _ hello: ClientHelloReading) -> Decision {
        for rule in rules {
            var needs: Int?
            var isOut = false
            for condition in rule.conditions where !isOut {
                switch condition.answer(bytes, hello) {
                case .yes: break
                case .no: isOut = true
                case .unknown(let count): needs = min(needs ?? count, count)
                }
            }
            if isOut { continue }
            if let needs { return .undecided(needs: max(needs, bytes.count + 1)) }
            return .target(rule.target)
        }
        return .none
    }
}

extension RouteTable {
    /// What is no TLS, or none that we understand, has no server name and offers nothing.
    private static func answer(
        _ hello: ClientHelloReading, _ fits: (ClientHello) -> Bool
    ) -> Answer {
        switch hello {
        case .complete(let hello): fits(hello) ? .yes : .no
        case .incomplete(let needs): .unknown(needs: needs)
        case .other, .malformed: .no
        }
    }

    private static func answer(_ bytes: [UInt8], to beginnings: [[UInt8]]) -> Answer {
        var isPossible = false
        for beginning in beginnings {
            if bytes.starts(with: beginning) { return .yes }
            if beginning.starts(with: bytes) { isPossible = true }
        }
        return isPossible ? .unknown(needs: bytes.count + 1) : .no
    }

    private static let ssh = [Array("SSH-".utf8)]
    private static let proxy = [Array("PROXY ".utf8), ProxyHeader.signature]
    private static let http: [[UInt8]] = [
        "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "TRACE ", "CONNECT ", "PATCH ",
        // HTTP/2 without an upgrade (RFC 9113, section 3.4).
        "PRI * HTTP/2",
    ].map { Array($0.utf8) }
}
