/// Every client has its place in the list by a number made of its address, so one client always gets
/// the same channel while the list is as it is.
///
/// Without `failover`, a channel that is not usable leaves its clients to the next group, as balance
/// does; with it they go on to the channels behind it, in order, and round to the first.
///
/// With `function: lighttpd` the number is that of lighttpd 1.4.74 and later for a connection of which
/// nothing but the address is known. That one is the same for every client, so all of them get the
/// usable channel that it prefers.
struct Hash: Policy {
    private let settings: BalanceConfiguration
    private var weights = WeightTable()

    init(_ settings: BalanceConfiguration) { self.settings = settings }

    var facts: CandidateFacts {
        if settings.function == .lighttpd { return .hostValue }
        return settings.maxLoad == nil ? [] : .current
    }

    mutating func prepare(for candidates: [Candidate]) { weights = WeightTable(candidates) }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        if settings.function == .lighttpd {
            return LighttpdHash.choose(among: candidates, Self.lighttpdBase)
        }
        if weights.count != candidates.count { prepare(for: candidates) }
        guard weights.total > 0 else { return nil }
        let home = weights.index(of: number(for: client))
        guard settings.failover else { return candidates[home].isOpen ? home : nil }
        let bound = LoadBound(perMille: settings.maxLoad, candidates)
        var index = home
        repeat {
            if candidates[index].isOpen, bound?.allows(candidates[index]) ?? true { return index }
            index = index + 1 < candidates.count ? index + 1 : 0
        } while index != home
        return nil
    }

    /// The hash of the path that lighttpd takes for granted, without an authority behind it.
    private static let lighttpdBase = UInt64(LighttpdHash.of("/".utf8))

    /// Below the sum of the weights.
    private func number(for client: ClientKey) -> Int {
        if settings.function == .balance {
            return Int(client.balanceFold % UInt32(clamping: weights.total))
        }
        let hash = client.hash(settings.key, seed: settings.seed)
        return Int(hash.multipliedFullWidth(by: UInt64(weights.total)).high)
    }
}
