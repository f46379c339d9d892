internal import Shared

// `permit` and `deny`: the first that fits decides, and with any of them who fits none is denied.

extension TcprelayTranslation {
    func access() -> [AccessRule] {
        let rules = settings.spawnd.rules
        guard !rules.isEmpty else { return [] }
        var access = rules.compactMap { rule -> AccessRule? in
            guard let network = Network(rule: rule.network) else { return nil }
            let networks = rule.isNegated ? network.others : [network]
            guard !networks.isEmpty else { return nil }
            return AccessRule(
                verdict: rule.isPermit ? .allow : .deny(.close), clients: .networks(networks))
        }
        // Clients of Unix sockets have no address that a rule could fit.
        if settings.spawnd.listens.contains(where: { $0.path != nil }) {
            access.append(AccessRule(verdict: .allow, clients: .unix))
        }
        access.append(AccessRule(verdict: .deny(.close), clients: .all))
        return access
    }
}

extension Network {
    /// Every address that is not in it, of both families: where the prefix ends otherwise, bit by bit.
    var others: [Network] {
        var others: [Network] = []
        switch address {
        case .v4(let address):
            for bit in 0..<UInt32(bits) {
                others.append(
                    contentsOf: Network("\(IPAddress.v4(address ^ (1 << (31 - bit))))/\(bit + 1)"))
            }
            others.append(contentsOf: Network("::/0"))
        case .v6(let high, let low, _):
            for bit in 0..<UInt64(bits) {
                let other: IPAddress =
                    bit < 64
                    ? .v6(high: high ^ (1 << (63 - bit)), low: low, scope: 0)
                    : .v6(high: high, low: low ^ (1 << (127 - bit)), scope: 0)
                others.append(contentsOf: Network("\(other)/\(bit + 1)"))
            }
            others.append(contentsOf: Network("0.0.0.0/0"))
        }
        return others
    }
}

extension [Network] {
    fileprivate mutating func append(contentsOf network: Network?) {
        if let network { append(network) }
    }
}
