internal import Shared
internal import Glibc

/// When a draining channel will be empty, by how fast its sessions have ended so far.
///
/// Sessions end in proportion to how many there are, so the number falls by the same part in the same time: the
/// spread is what the first and the second half of the time say by themselves.
struct DrainForecast: Equatable, Sendable {
    let left: UInt64
    /// Milliseconds; nil: it does not get fewer.
    let likely: UInt64?
    let earliest: UInt64?
    let latest: UInt64?

    /// Less than this says nothing.
    static let shortestMilliseconds: UInt64 = 15_000
    private static let longest = 30 * 86_400_000.0

    /// nil: it is too early to say, or there is nothing left.
    init?(_ channel: ChannelSnapshot, _ track: Track?) {
        guard let track, channel.current > 0,
            channel.sinceMilliseconds >= Self.shortestMilliseconds,
            let now = track.samples.last?.milliseconds
        else { return nil }
        left = channel.current
        let since = now - min(now, channel.sinceMilliseconds)
        let steps = track.steps.filter { $0.number * Track.stepMilliseconds >= since }
        guard let first = steps.first, let last = steps.last,
            (last.number - first.number) * Track.stepMilliseconds >= Self.shortestMilliseconds
        else { return nil }
        let whole = Self.time(to: left, from: first, to: last)
        let middle = steps[steps.count / 2]
        let halves = [
            Self.time(to: left, from: first, to: middle),
            Self.time(to: left, from: middle, to: last),
        ].compactMap { $0 }
        likely = whole
        earliest = whole.map { ([$0] + halves).min() ?? $0 }
        latest = whole.map { halves.count < 2 ? $0 : ([$0] + halves).max() ?? $0 }
        isSpreadOpen = halves.count < 2
        let fell = steps.indices.dropFirst()
            .last { steps[$0].current < steps[$0 - 1].current }.map { steps[$0].milliseconds }
        still = fell.map { now - min(now, $0) } ?? 0
        // At the pace of before this one would have ended long ago.
        let number = Double(channel.current)
        let next = whole.map { Double($0) / (log(max(2, number)) * number) } ?? 0
        hasStopped = still >= Self.stillMilliseconds && Double(still) > 5 * next
    }

    /// For how long no session has ended, and whether that is longer than the pace of before allows.
    let still: UInt64
    let hasStopped: Bool
    static let stillMilliseconds: UInt64 = 60_000

    /// In one half of the time no session ended, so it may take much longer.
    let isSpreadOpen: Bool

    /// Until one is left, at the pace between two steps.
    private static func time(to left: UInt64, from first: Track.Step, to last: Track.Step)
        -> UInt64?
    {
        guard first.current > last.current, last.current > 0, last.number > first.number else {
            return nil
        }
        let span = Double((last.number - first.number) * Track.stepMilliseconds)
        let pace = (log(Double(first.current)) - log(Double(last.current))) / span
        let time = log(Double(max(2, left))) / pace
        return time.isFinite && time < longest ? UInt64(time) : nil
    }

    /// `31 conn left, empty in about 6m (3m-14m)`
    var text: String {
        guard let likely, let earliest, let latest else {
            return "\(left) conn left, and they do not get fewer"
        }
        if hasStopped { return "\(left) conn left, none has ended for \(Age(milliseconds: still))" }
        let end = isSpreadOpen ? " or much longer" : "-\(Self.rounded(latest))"
        return "\(left) conn left, empty in about \(Self.rounded(likely)) "
            + "(\(Self.rounded(earliest))\(end))"
    }

    /// A forecast to the second would be a lie.
    private static func rounded(_ milliseconds: UInt64) -> String {
        switch milliseconds {
        case ..<60_000: "\(max(5, milliseconds / 5000 * 5))s"
        case ..<5_400_000: "\((milliseconds + 30_000) / 60_000)m"
        case ..<172_800_000: "\((milliseconds + 1_800_000) / 3_600_000)h"
        default: "\(milliseconds / 86_400_000)d"
        }
    }
}
