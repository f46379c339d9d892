internal import Shared

/// What happened within one step, small: there are thousands of these per channel.
///
/// Bytes are as exact as 24 bits are, which is more than a picture shows; a step of ten seconds may hold more
/// of them than 32 bits count.
struct Sample: Equatable, Sendable {
    var inBytes: Float = 0
    var outBytes: Float = 0
    var current: UInt32 = 0
    var sessions: UInt32 = 0
    /// Of connects that succeeded; `noConnect` when none did.
    var connectMicroseconds = noConnect
    var failed: UInt16 = 0
    var state = State.unseen

    static let noConnect = UInt32.max

    /// A channel's states, and a service's two.
    enum State: UInt8, Sendable {
        /// No sample was taken: the daemon was held up.
        case unseen
        case up, full, drain, grace, down, auto, off, check
        case usable, exhausted
    }
}

extension Sample.State {
    init(_ state: ChannelState) {
        self =
            switch state {
            case .up: .up
            case .full: .full
            case .drain: .drain
            case .grace: .grace
            case .down: .down
            case .auto: .auto
            case .off: .off
            case .check: .check
            }
    }

    var word: String { "\(self)" }
}

/// What the counters of a channel or a service stand at.
struct CounterReading: Equatable, Sendable {
    var traffic = TrafficCounters.Totals()
    var connects: UInt64 = 0
    var connectNanoseconds: UInt64 = 0

    /// What has come since `earlier`.
    func sample(since earlier: Self, current: Int, state: Sample.State) -> Sample {
        let change = traffic.since(earlier.traffic)
        let connects = connects &- earlier.connects
        var sample = Sample(
            inBytes: Float(change.inBytes), outBytes: Float(change.outBytes),
            current: UInt32(clamping: current), sessions: UInt32(clamping: change.sessions),
            failed: UInt16(clamping: change.failures), state: state)
        if connects > 0 {
            let mean = (connectNanoseconds &- earlier.connectNanoseconds) / connects / 1000
            sample.connectMicroseconds = min(UInt32(clamping: mean), Sample.noConnect - 1)
        }
        return sample
    }
}
