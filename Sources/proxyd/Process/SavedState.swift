internal import Shared

/// What outlives a restart: what people have said about channels, and what was counted. Values only.
struct SavedState: Equatable, Sendable {
    var channels: [SavedChannel] = []
    var listeners: [SavedListener] = []
}

/// A channel as operators left it.
struct SavedChannel: Equatable, Sendable {
    var key: SavedKey
    /// nil: as the file has it.
    var state: SavedSwitch?
    /// Since when, in milliseconds of 1970.
    var sinceMilliseconds: UInt64 = 0
    var why: String?
    var by: String?
    /// A weight that was set live, and the file's that it was set instead of.
    var weight: SavedWeight?
    var totals = TrafficCounters.Totals()
}

struct SavedListener: Equatable, Sendable {
    var key: SavedKey
    var totals = TrafficCounters.Totals()
}

struct SavedWeight: Equatable, Sendable {
    var live: Int
    /// If the file has another weight at the next start, the file was edited and wins.
    var written: Int
}

/// What has been said about a channel that lasts.
enum SavedSwitch: String, Equatable, Sendable, CaseIterable {
    case on, drain, off, auto

    init?(_ position: Channel.Switch) {
        switch position {
        case .on: self = .on
        case .draining: self = .drain
        case .off: self = .off
        case .auto: self = .auto
        case .removed: return nil
        }
    }

    var position: Channel.Switch {
        switch self {
        case .on: .on
        case .drain: .draining
        case .off: .off
        case .auto: .auto
        }
    }
}

/// Which thing is meant, in a configuration that may have been changed meanwhile: it goes by its name, or by
/// its address if it has none, as in a reload.
struct SavedKey: Hashable, Sendable {
    /// `service/group` of a channel, `service` of a listener.
    var parent: String
    var word: String
    /// Of several that are alike, which one.
    var ordinal = 0

    /// Those of siblings, in their order.
    static func keys(of siblings: [(name: String, endpoint: Endpoint)], in parent: String) -> [Self]
    {
        var seen: [String: Int] = [:]
        return siblings.map { name, endpoint in
            let isNumber = name.utf8.allSatisfy { (0x30...0x39).contains($0) }
            let word = isNumber ? "\(endpoint)" : name
            let count = seen[word, default: 0]
            seen[word] = count + 1
            return SavedKey(parent: parent, word: word, ordinal: count)
        }
    }
}
