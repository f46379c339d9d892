internal import Shared

/// One dump under way, on the supervisor: takes what its tap holds, a part at a time, and writes it.
final class Dump {
    /// Why it is over.
    enum End: String {
        /// The sessions have ended.
        case closed
        /// Enough was shown.
        case limit
        case time
        /// The next request has come, or the end of all requests.
        case request
    }

    let tap: TapSink
    let request: DumpRequest
    private let deadline: Instant?
    private var writer: DumpWriter
    private(set) var end: End?
    private var shown: UInt64 = 0
    private var missed: UInt64 = 0
    private var closedCount = 0

    /// What one reply takes from the tap, so that the supervisor gets on with the rest of its work.
    private static let bytesAtOnce = 65_536

    init(_ request: DumpRequest, tap: TapSink, now: Instant) {
        self.request = request
        self.tap = tap
        deadline = request.duration.map { now.advanced(by: $0) }
        let wall = WallClock.milliseconds * 1_000_000
        writer = DumpWriter(request.format, wallOffset: wall &- Instant.now.nanoseconds)
    }

    deinit {
        tap.close()
        Log.line("dump \(tap.number) ended: \(end?.rawValue ?? "its reader has gone"), \(tally)")
    }

    private var tally: String { "\(shown) bytes shown, \(missed) not shown" }

    /// When it ends by itself, if not sooner.
    var until: Instant? { end == nil ? deadline : nil }

    /// What stands before everything else.
    var opening: [String] { writer.opening }

    /// The lines of the next reply; nil when there is nothing to say now. Once `end` is set, they are the
    /// last.
    func next() -> [String]? {
        var lines: [String] = []
        for record in tap.take(bytes: Self.bytesAtOnce) {
            write(record, into: &lines)
            if end != nil { break }
        }
        return lines.isEmpty && end == nil ? nil : lines
    }

    /// Ends it when its time has come.
    func expire(now: Instant) {
        if let until, until <= now { finish(.time) }
    }

    /// Ends it now, whatever is left in the tap.
    func finish(_ end: End) {
        guard self.end == nil else { return }
        self.end = end
        let left = tap.take(bytes: Int.max)
        tap.close()
        for record in left {
            switch record.event {
            case .moved(_, let bytes): missed += UInt64(bytes.count)
            case .gap(_, let count, _): missed += count
            case .began, .ended, .closed: break
            }
        }
    }

    private func write(_ record: TapRecord, into lines: inout [String]) {
        switch record.event {
        case .moved(let side, let bytes):
            guard let limit = request.limit, shown + UInt64(bytes.count) >= limit else {
                shown += UInt64(bytes.count)
                break
            }
            var part = record
            part.event = .moved(side, Array(bytes.prefix(Int(limit - shown))))
            shown = limit
            writer.write(part, into: &lines)
            return finish(.limit)
        case .gap(_, let count, _):
            missed += count
        case .began, .ended:
            break
        case .closed:
            closedCount += 1
        }
        writer.write(record, into: &lines)
        if closedCount == request.sessions { finish(.closed) }
    }

    /// What the last reply has.
    var attributes: [Reply.Attribute] {
        guard let end else { return [] }
        return [
            Reply.Attribute("end", end.rawValue), Reply.Attribute("shown_bytes", String(shown)),
            Reply.Attribute("missed_bytes", String(missed)),
        ]
    }
}
