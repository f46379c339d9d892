internal import Glibc
internal import Shared

/// A client that comes.
struct Arrival: Equatable, Sendable {
    /// Seconds since the beginning.
    var time: Double
    var source: IPAddress
    /// How long a channel of speed 1 takes to serve it, in seconds.
    var service: Double
    var bytes: Double
}

/// Clients made up from a seed, or read from a log.
enum Arrivals {
    /// So many at random moments, on average `rate` a second, each from one of `sources` addresses
    /// and with an exponential need of service.
    static func synthetic(
        count: Int, rate: Double, service: Double, sources: Int, seed: UInt64
    ) -> [Arrival] {
        var random = SplitMix(seed: seed)
        var time = 0.0
        return (0..<count).map { _ in
            time += exponential(&random) / rate
            let source = IPAddress.v4(0x0A00_0000 + UInt32(random.below(sources)))
            return Arrival(
                time: time, source: source, service: exponential(&random) * service,
                bytes: exponential(&random) * 100_000)
        }
    }

    private static func exponential(_ random: inout SplitMix) -> Double {
        -log((Double(random.next() >> 11) + 0.5) * 0x1p-53)
    }

    /// Lines of `SECONDS ADDRESS [SERVICE_SECONDS [BYTES]]`, sorted by time or not; `#` begins a
    /// comment. The number of the first line that is none of these is thrown.
    static func read(_ text: String, service: Double) throws(BadLine) -> [Arrival] {
        var arrivals: [Arrival] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            guard (2...4).contains(words.count), let time = number(first),
                let source = IPAddress(words[1])
            else { throw BadLine(number: index + 1) }
            var arrival = Arrival(time: time, source: source, service: service, bytes: 100_000)
            if words.count > 2 {
                guard let service = number(words[2]) else { throw BadLine(number: index + 1) }
                arrival.service = service
            }
            if words.count > 3 {
                guard let bytes = number(words[3]) else { throw BadLine(number: index + 1) }
                arrival.bytes = bytes
            }
            arrivals.append(arrival)
        }
        let sorted = arrivals.enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }
        return sorted.map(\.element)
    }

    /// Not negative, and no more than a simulation can bear.
    private static func number(_ text: Substring) -> Double? {
        guard let number = Double(text), number >= 0, number <= 1e9 else { return nil }
        return number
    }

    struct BadLine: Error, Equatable {
        var number: Int
    }
}
