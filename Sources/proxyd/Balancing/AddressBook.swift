internal import Shared

/// The addresses of one channel: one, or all that its name resolves to, used in turns.
struct AddressBook: Sendable {
    private(set) var endpoints: [Endpoint]
    private var addresses: [SocketAddress]
    /// How many answers in a row an address was missing from.
    private var missing: [Endpoint: Int] = [:]

    /// A name server that leaves an address out once may just have shuffled its answer.
    private static let answersToForget = 2

    struct Change: Equatable, Sendable {
        var from: [Endpoint]
        var to: [Endpoint]
    }

    init(_ endpoints: [Endpoint]) {
        self.endpoints = endpoints
        addresses = endpoints.compactMap { SocketAddress($0) }
    }

    var count: Int { addresses.count }

    /// The address whose turn it is; nil only for an empty book.
    subscript(turn turn: Int) -> SocketAddress? {
        guard !addresses.isEmpty else { return nil }
        return addresses[Int(UInt(bitPattern: turn) % UInt(addresses.count))]
    }

    /// Takes an answer of the name server. New addresses are used at once, missing ones are kept until
    /// they were missing twice, and an empty answer changes nothing.
    mutating func update(_ found: [Endpoint]) -> Change? {
        guard !found.isEmpty else { return nil }
        for endpoint in endpoints {
            missing[endpoint] = found.contains(endpoint) ? nil : missing[endpoint, default: 0] + 1
        }
        let kept = endpoints.filter { missing[$0, default: 0] < Self.answersToForget }
        let new = found.filter { !endpoints.contains($0) }
        let updated = kept + new
        guard updated != endpoints else { return nil }
        let change = Change(from: endpoints, to: updated)
        missing = missing.filter { updated.contains($0.key) }
        endpoints = updated
        addresses = updated.compactMap { SocketAddress($0) }
        return change
    }
}
