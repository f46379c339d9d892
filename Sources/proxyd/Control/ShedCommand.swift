internal import Shared

/// `shed PATH COUNT [RATE/s] [preview]`: ends some of a channel's sessions, those that have been idle
/// for longest first, a few at a time, so that their clients come back elsewhere.
enum ShedCommand {
    /// What was asked for.
    struct Parameters: Equatable {
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
        guard let parameters = Parameters(words: request.words) else {
            return request.refuse(
                .usage, "shed PATH COUNT [RATE/s] [preview], as in shed mail/0/2 50 5/s preview")
        }
        guard
            let channels = PathResolver(topology: request.state.topology).channels(
                at: parameters.path)
        else {
            return request.refuse(
                .notFound, "no channel, group or service “\(parameters.path.prefix(80))”")
        }
        let scan = SessionScan(
            channels: Set(channels.map(\.serial)),
            order: SessionScan.Order(field: .idle, isDescending: true), limit: parameters.count,
            asOf: .now)
        SessionListing.gather(scan, of: request.daemon) { found in
            if !parameters.isPreview {
                request.changes.cut(
                    sessions: found.records.map(\.id), perSecond: parameters.rate,
                    by: request.peer.actor)
            }
            let count = parameters.isPreview ? 0 : found.records.count
            request.answer(
                SessionCommands.table(of: found), [Reply.Attribute("cut", String(count))])
        }
    }
}
