internal import Shared

/// What a policy may know of the client.
struct ClientKey: Equatable, Sendable {
    var source: Endpoint
    /// The address that it connected to.
    var destination: Endpoint
    /// The server name that it asks for, where its first bytes were read.
    var serverName: String?

    /// A client of which nothing is known.
    static let unknown = ClientKey(source: .unix(path: ""), destination: .unix(path: ""))
}

extension ClientKey {
    /// Our own hash: the same client gives the same number on every machine. IPv4 counts as
    /// v4-mapped IPv6, so that a dual-stack listener makes no difference.
    func hash(_ key: HashKey, seed: UInt64) -> UInt64 {
        switch key {
        case .source: Self.hash(source, withPort: false, seed: seed)
        case .sourceAndPort: Self.hash(source, withPort: true, seed: seed)
        case .destination: Self.hash(destination, withPort: true, seed: seed)
        case .serverName:
            serverName.map { Mix.two(Mix.bytes($0.utf8) ^ seed, 1) }
                ?? Self.hash(source, withPort: false, seed: seed)
        }
    }

    private static func hash(_ endpoint: Endpoint, withPort: Bool, seed: UInt64) -> UInt64 {
        switch endpoint {
        case .ip(let address, let port):
            let (high, low) = address.halves
            return Mix.two(
                Mix.two(high ^ seed, low), withPort ? UInt64(port) &+ 1 : 0)
        case .name(let text, let port):
            return Mix.two(Mix.bytes(text.utf8) ^ seed, withPort ? UInt64(port) &+ 1 : 0)
        case .unix(let path):
            return Mix.two(Mix.bytes(path.utf8) ^ seed, 0)
        }
    }

    /// The fold of balance 3.54: `h = byte + 31 * h` with signed bytes, over the address (v4-mapped),
    /// the scope and 8 zero bytes, which is what follows offset 8 of a `sockaddr_in6` there.
    var balanceFold: UInt32 {
        guard case .ip(let address, _) = source else { return 0 }
        let (high, low) = address.halves
        var fold: UInt32 = 0
        func add(_ byte: UInt8) {
            fold = UInt32(bitPattern: Int32(Int8(bitPattern: byte))) &+ 31 &* fold
        }
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            add(UInt8(truncatingIfNeeded: high >> shift))
        }
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            add(UInt8(truncatingIfNeeded: low >> shift))
        }
        var scope: UInt32 = 0
        if case .v6(_, _, let number) = address { scope = number }
        // In the order of the machine that balance ran on.
        for shift in stride(from: UInt32(0), through: 24, by: 8) {
            add(UInt8(truncatingIfNeeded: scope >> shift))
        }
        for _ in 0..<8 { add(0) }
        return fold
    }

    /// lighttpd's hash of the client's address as text.
    var lighttpdHash: UInt32 {
        switch source {
        case .ip(let address, _): LighttpdHash.of("\(address)".utf8)
        case .name(let name, _): LighttpdHash.of(name.utf8)
        case .unix(let path): LighttpdHash.of(path.utf8)
        }
    }
}

/// lighttpd's hash of a string since 1.4.56.
enum LighttpdHash {
    static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(5381) { ($0 &* 33) ^ UInt32($1) }
    }

    /// The one whose value is the largest with the base's; the last of equals.
    static func choose(
        among candidates: [Candidate], _ base: UInt64, _ bound: LoadBound? = nil
    ) -> Int? {
        var best: Int?
        var highest: UInt64 = 0
        for index in candidates.indices where candidates[index].isOpen {
            let value = candidates[index].key ^ base
            guard best == nil || value >= highest else { continue }
            if let bound, !bound.allows(candidates[index]) { continue }
            best = index
            highest = value
        }
        return best
    }

    /// A channel's value: the hash of its resolved host, or path, with the port.
    static func hostValue(of endpoint: Endpoint) -> UInt32 {
        switch endpoint {
        case .ip(let address, let port): of("\(address)".utf8) ^ UInt32(port)
        case .name(let name, let port): of(name.utf8) ^ UInt32(port)
        case .unix(let path): of(path.utf8)
        }
    }
}

extension IPAddress {
    /// The sixteen bytes; IPv4 in its v4-mapped form.
    fileprivate var halves: (high: UInt64, low: UInt64) {
        switch self {
        case .v4(let address): (0, 0xFFFF_0000_0000 | UInt64(address))
        case .v6(let high, let low, _): (high, low)
        }
    }
}
