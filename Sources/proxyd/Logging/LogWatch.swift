/// Says what became of a log, and not every second: when lines cannot be written, when they can again, and how
/// many were lost.
struct LogWatch: Sendable {
    enum News: Equatable, Sendable {
        case failed(log: String, why: String)
        case returned(log: String)
        case lost(log: String, count: UInt64, why: String)
    }

    let name: String
    private var trouble: String?
    private var told: UInt64 = 0
    private var toldAt: Instant?

    /// Between two words about lost lines.
    static let pause = Duration.seconds(10)

    init(name: String) { self.name = name }

    mutating func look(at usage: LogUsage, target: String, now: Instant) -> [News] {
        var news: [News] = []
        let log = "\(name) \(target)"
        if usage.trouble != trouble {
            trouble = usage.trouble
            news.append(trouble.map { .failed(log: log, why: $0) } ?? .returned(log: log))
        }
        let isSoon = toldAt.map { now < $0.advanced(by: Self.pause) } ?? false
        if usage.lost > told, !isSoon {
            let why = usage.trouble ?? "\(usage.limit) lines wait already"
            news.append(.lost(log: log, count: usage.lost - told, why: why))
            told = usage.lost
            toldAt = now
        }
        return news
    }
}
