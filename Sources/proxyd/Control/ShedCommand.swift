internal import Shared

/// `shed PATH COUNT [RATE/s] [preview]`: ends some of a channel's sessions, those that have been idle
/// for longest first, a few at a time, so that their clients come back elsewhere.
enum ShedCommand {
    /// What was asked for.
    struct Wish: Equatable {
        var path: String
        var count: Int
        /// Sessions a second.
        var rate = 10.0
        var isPreview = false

        init?(words: [String]) {
            var rest = words[...]
            guard let path = rest.popFirst(), let count = rest.popFirst().flatMap({ Int($0) }),
                (1...1_000_000).contains(count)
            else { return nil }
            self.path = path
            self.count = count
            for word in rest {
                if word == "preview" {
                    isPreview = true
                } else if word.hasSuffix("/s"), let rate = Double(word.dropLast(2)),
                    (0.01...10_000).contains(rate)
                {
                    self.rate = rate
                } else {
                    return nil
                }
            }
        }
    }

    static func run(_ request: ControlRequest) {
        guard let wish = Wish(words: request.words) else {
            return request.refuse(
                .usage, "shed PATH COUNT [RATE/s] [preview], as in shed mail/0/2 50 5/s preview")
        }
        guard
            let channels = PathResolver(topology: request.daemon.topology).channels(at: wish.path)
        else {
            return request.refuse(
                .notFound, "no channel, group or service “\(wish.path.prefix(80))”")
        }
        let paths = Set(channels.map(\.path))
        SessionListing(of: request.daemon).gather { rows in
            let chosen = choose(wish.count, of: paths, from: rows)
            if !wish.isPreview {
                request.daemon.cut(
                    sessions: chosen.compactMap { UInt64($0[0]) }, perSecond: wish.rate,
                    by: request.peer.actor)
            }
            var table = Table(columns: SessionSnapshot.columns)
            for row in chosen { table.append(row) }
            let count = wish.isPreview ? 0 : chosen.count
            request.answer(table, [Reply.Attribute("cut", String(count))])
        }
    }

    /// The rows of the sessions to end, the longest idle first.
    static func choose(_ count: Int, of paths: Set<String>, from rows: [[String]]) -> [[String]] {
        let columns = SessionSnapshot.columns
        guard let channel = columns.firstIndex(of: "channel"),
            let idle = columns.firstIndex(of: "idle_ms")
        else { return [] }
        let own = rows.filter { paths.contains($0[channel]) }
        let sorted = own.sorted { (UInt64($0[idle]) ?? 0) > (UInt64($1[idle]) ?? 0) }
        return Array(sorted.prefix(count))
    }
}
