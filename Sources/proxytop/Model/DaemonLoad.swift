internal import Shared

/// What the daemon takes of its machine, as `show limits` reports it.
struct DaemonLoad: Equatable, Sendable {
    /// Processors' work, in hundredths of one core; nil until two looks can be compared.
    private(set) var percent: Double?
    /// Descriptors open now, and at most.
    private(set) var descriptors: (used: UInt64, limit: UInt64)?
    private var last: (cpuMilliseconds: UInt64, at: UInt64)?
    private var askedAt: UInt64?

    /// Counting ten thousand descriptors is work for the daemon, too.
    static let pauseMilliseconds: UInt64 = 10_000

    func isDue(at now: UInt64) -> Bool {
        // The second look comes soon, so that there is something to compare.
        let pause = percent == nil ? Self.pauseMilliseconds / 5 : Self.pauseMilliseconds
        return askedAt.map { now >= $0 + pause } ?? true
    }

    mutating func ask(at now: UInt64) { askedAt = now }

    /// `at`: by the daemon's own clock.
    mutating func receive(_ table: Table?, at now: UInt64) {
        func row(_ name: String) -> [String]? { table?.rows.first { $0.first == name } }
        descriptors = nil
        if let row = row("descriptors"), row.count > 2, let used = UInt64(row[1]),
            let limit = UInt64(row[2])
        {
            descriptors = (used, limit)
        }
        guard let row = row("cpu_ms"), row.count > 1, let cpu = UInt64(row[1]) else {
            return (percent, last) = (nil, nil)
        }
        if let last, now > last.at, cpu >= last.cpuMilliseconds {
            percent = Double(cpu - last.cpuMilliseconds) * 100 / Double(now - last.at)
        }
        last = (cpu, now)
    }

    /// `cpu 11.2%  fds 1771/8192`; empty while nothing is known.
    func text(gap: String) -> String {
        var parts: [String] = []
        if let percent { parts.append("cpu \(Quantity.fixed(percent, decimals: 1))%") }
        if let descriptors { parts.append("fds \(descriptors.used)/\(descriptors.limit)") }
        return parts.joined(separator: gap)
    }

    static func == (left: DaemonLoad, right: DaemonLoad) -> Bool {
        left.percent == right.percent && left.descriptors?.used == right.descriptors?.used
            && left.descriptors?.limit == right.descriptors?.limit
            && left.last?.at == right.last?.at && left.askedAt == right.askedAt
    }
}

extension Model {
    /// Only a header with room for it asks.
    mutating func loadQuestion() -> [(Link.Question, Request)] {
        guard size.columns >= Arrangement.widestHeaderFrom, connection.catalog.has("show limits"),
            data.load.isDue(at: now.milliseconds), !preferences.countsAllFailures
        else { return [] }
        data.load.ask(at: now.milliseconds)
        return [(.load, Request(words: ["show", "limits"]))]
    }
}
