internal import Shared

/// Another order of the channels within their groups than the daemon's. It stands still while the operator moves.
struct ChannelOrder: Equatable, Sendable {
    enum Field: String, CaseIterable, Sendable {
        case state, connections = "conn", new, input = "in", output = "out", errors = "err"
        case connectTime = "connect", since
    }

    var field: Field
    var isDescending = true
    /// Where each channel stands, by its serial.
    private var ranks: [UInt64: Int] = [:]

    init(_ field: Field) { self.field = field }

    mutating func settle(_ snapshot: DaemonSnapshot, _ history: History) {
        let keyed = snapshot.channels.map { channel in
            (serial: channel.serial, key: key(channel, history.channels[channel.serial]))
        }
        let sorted = keyed.enumerated().sorted { left, right in
            let (first, second) = (left.element.key, right.element.key)
            if first != second { return isDescending ? first > second : first < second }
            return left.offset < right.offset
        }
        ranks = Dictionary(sorted.enumerated().map { ($1.element.serial, $0) }) { first, _ in first
        }
    }

    private func key(_ channel: ChannelSnapshot, _ track: Track?) -> Double {
        let rates = track?.rates ?? Track.Rates()
        return switch field {
        // The worst first, as problems are ordered.
        case .state: Double(Self.badness(channel.state))
        case .connections: Double(channel.current)
        case .new: rates.total ?? -1
        case .input: rates.inBytes ?? -1
        case .output: rates.outBytes ?? -1
        case .errors: Double(track?.recentFailures ?? 0)
        case .connectTime: channel.connectP50Microseconds.map(Double.init) ?? -1
        // What changed last, first.
        case .since: -Double(channel.sinceMilliseconds)
        }
    }

    private static func badness(_ state: ChannelState) -> Int {
        let order: [ChannelState] = [.up, .check, .off, .drain, .full, .grace, .auto, .down]
        return order.firstIndex(of: state) ?? 0
    }

    func ordered(_ channels: [ChannelSnapshot]) -> [ChannelSnapshot] {
        channels.enumerated().sorted { left, right in
            let first = ranks[left.element.serial] ?? .max
            let second = ranks[right.element.serial] ?? .max
            return first != second ? first < second : left.offset < right.offset
        }.map(\.element)
    }

    var text: String { field.rawValue + (isDescending ? "-" : "+") }
}
