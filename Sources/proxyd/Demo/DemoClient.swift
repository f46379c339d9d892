internal import Shared

/// A client that comes, talks, and goes, again and again, so that there is something to see.
struct DemoClient: Sendable {
    let number: Int
    let listener: Endpoint
    let habit: Habit

    enum Habit: Sendable {
        /// A few hundred bytes now and then, for some seconds.
        case talks
        /// Stays away for half a minute, then talks for ten seconds: more clients than the first group takes.
        case comesInWaves
        /// Large blocks without an end, some megabytes a second.
        case streams
    }

    func start() throws(SystemError) {
        try Thread.detached(name: "client-\(number)") {
            var random = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 | 1
            Sleep.milliseconds(number * 60)
            while true { visit(&random) }
        }
    }

    private func visit(_ random: inout UInt64) {
        switch habit {
        case .talks:
            talk(turns: 10 + Self.next(&random, below: 60), &random)
            Sleep.milliseconds(200 + Self.next(&random, below: 1500))
        case .comesInWaves:
            Sleep.milliseconds(20_000)
            talk(turns: 50, &random)
        case .streams:
            stream()
            Sleep.milliseconds(1000)
        }
    }

    private func talk(turns: Int, _ random: inout UInt64) {
        guard let connection = DemoConnection(to: listener) else {
            return Sleep.milliseconds(1000)
        }
        var space = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<turns {
            let text = [UInt8](repeating: 0x2E, count: 64 + Self.next(&random, below: 2000))
            guard connection.exchange(text, with: &space) else { return }
            Sleep.milliseconds(100 + Self.next(&random, below: 200))
        }
    }

    private func stream() {
        guard let connection = DemoConnection(to: listener) else { return }
        let block = [UInt8](repeating: 0x2A, count: 262_144)
        var space = [UInt8](repeating: 0, count: 262_144)
        for _ in 0..<1000 {
            guard connection.exchange(block, with: &space) else { return }
            Sleep.milliseconds(40)
        }
    }

    /// A cheap series of numbers (xorshift64); each client has its own.
    private static func next(_ state: inout UInt64, below limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(limit))
    }
}
