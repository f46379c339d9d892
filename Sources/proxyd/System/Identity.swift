internal import Glibc

/// Which daemon this is, for clients of the control socket.
struct Identity: Sendable {
    /// Another number for every start, so that counters of two lives are never compared.
    let epoch: UInt64
    let pid = getpid()
    let host: String
    let environment: String?
    let started: Instant
    /// How often another process has taken over: the counters and serials are the same life's.
    let upgrades: Int

    /// The command line of another program that it was started with; empty: it was our own.
    let dialect: [String]

    /// `life` is of the process whose place we take.
    init(
        environment: String?, dialect: [String] = [],
        life: (epoch: UInt64, started: Instant, upgrades: Int)? = nil
    ) {
        self.dialect = dialect
        self.environment = environment
        epoch = life?.epoch ?? WallClock.milliseconds
        started = life?.started ?? .now
        upgrades = life?.upgrades ?? 0
        var name = [CChar](repeating: 0, count: 256)
        _ = unsafe gethostname(&name, name.count)
        host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
