internal import Shared
internal import Synchronization

/// The TLS handshakes of a listener that have begun and not ended, for all workers.
///
/// When all places are taken, a newcomer gets the place of the one that has been under way for longest: of the newcomer's own
/// source if that has more than its share, else of all. So clients that begin and do not go on keep none out, and one source
/// cannot push out the others.
final class HandshakeTable: Sendable {
    /// Who takes part: an address, or the leading half of one of IPv6.
    typealias Source = UInt64

    /// Where the session with the handshake is.
    struct Holder: Equatable, Sendable {
        var worker: Int
        var token: Token
    }

    /// A place, given back when the last reference is gone.
    final class Place: Sendable {
        private let table: HandshakeTable
        private let number: UInt64

        fileprivate init(_ number: UInt64, in table: HandshakeTable) {
            self.number = number
            self.table = table
        }

        deinit { table.leave(number) }
    }

    private struct Entry {
        var source: Source
        var holder: Holder
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var last: UInt64 = 0
        /// The numbers in order; those that have ended are passed over.
        var order = Order()
        var bySource: [Source: (count: Int, order: Order)] = [:]
    }

    /// A queue of numbers in which whatever has ended is skipped, and taken away before it is the larger part.
    private struct Order {
        private var numbers: [UInt64] = []
        private var start = 0

        mutating func append(_ number: UInt64) { numbers.append(number) }

        mutating func first(among entries: [UInt64: Entry]) -> UInt64? {
            while start < numbers.count, entries[numbers[start]] == nil { start += 1 }
            return start < numbers.count ? numbers[start] : nil
        }

        mutating func compact(_ count: Int, _ entries: [UInt64: Entry]) {
            guard numbers.count > 2 * count + 32 else { return }
            numbers = numbers[start...].filter { entries[$0] != nil }
            start = 0
        }
    }

    /// A source's share: one part of so many.
    private static let shares = 4

    let most: Int
    private let state = CountedMutex(State())

    init(most: Int) { self.most = most }

    /// Takes a place; `evicted` has to give up its own.
    func enter(_ source: Source, _ holder: Holder) -> (place: Place, evicted: Holder?) {
        let (number, evicted) = state.withLock { state -> (UInt64, Holder?) in
            let evicted = state.entries.count < most ? nil : evict(for: source, &state)
            state.last += 1
            state.entries[state.last] = Entry(source: source, holder: holder)
            state.order.append(state.last)
            state.order.compact(state.entries.count, state.entries)
            state.bySource[source, default: (0, Order())].count += 1
            state.bySource[source]?.order.append(state.last)
            let count = state.bySource[source]?.count ?? 0
            state.bySource[source]?.order.compact(count, state.entries)
            return (state.last, evicted)
        }
        return (Place(number, in: self), evicted)
    }

    private func evict(for source: Source, _ state: inout State) -> Holder? {
        var slowest: UInt64?
        if let count = state.bySource[source]?.count, count > most / Self.shares {
            slowest = state.bySource[source]?.order.first(among: state.entries)
        }
        guard let number = slowest ?? state.order.first(among: state.entries) else { return nil }
        let holder = state.entries[number]?.holder
        remove(number, &state)
        return holder
    }

    private func remove(_ number: UInt64, _ state: inout State) {
        guard let entry = state.entries.removeValue(forKey: number) else { return }
        guard let count = state.bySource[entry.source]?.count, count > 1 else {
            state.bySource[entry.source] = nil
            return
        }
        state.bySource[entry.source]?.count = count - 1
    }

    private func leave(_ number: UInt64) { state.withLock { remove(number, &$0) } }

    var count: Int { state.withLock { $0.entries.count } }

    /// Clients of Unix sockets are one source.
    static func source(of client: Endpoint) -> Source {
        guard case .ip(let address, _) = client else { return 0 }
        switch address.unmapped {
        case .v4(let address): return UInt64(address)
        case .v6(let high, _, _): return high
        }
    }
}
