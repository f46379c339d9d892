internal import Shared

/// What this screen has changed, and how each change is taken back.
struct UndoList: Equatable, Sendable {
    /// A row of an answer: from what to what.
    struct Change: Equatable, Sendable {
        var path: String
        var field: String
        var from: String
        var to: String
        /// Of the channel, so that another one at the same path is not taken for it.
        var serial: UInt64?
    }

    struct Entry: Equatable, Sendable {
        var command: String
        var changes: [Change]
        /// By our clock.
        var at: UInt64
    }

    static let mostEntries = 50

    private(set) var entries: [Entry] = []

    var last: Entry? { entries.last }

    mutating func add(_ command: String, _ changes: [Change], at now: UInt64) {
        let known = changes.filter { Self.command(undoing: $0) != nil }
        guard !known.isEmpty else { return }
        entries.append(Entry(command: command, changes: known, at: now))
        if entries.count > Self.mostEntries { entries.removeFirst() }
    }

    mutating func removeLast() { _ = entries.popLast() }

    /// The command that brings the old value back; nil: there is none.
    static func command(undoing change: Change) -> [String]? {
        guard change.field == "state" else {
            guard ["weight", "maxc", "balance", "label"].contains(change.field) else { return nil }
            let value =
                change.from == Table.absent
                ? ["default"]
                : change.from.split(separator: " ")
                    .map(String.init)
            return ["set", change.path, change.field] + value
        }
        switch change.from {
        case "off", "auto": return ["disable", change.path]
        case "drain": return ["drain", change.path]
        default: return ["enable", change.path]
        }
    }

    /// Why a change cannot be taken back: it is not as we left it. nil: it is.
    static func objection(to change: Change, in snapshot: DaemonSnapshot) -> String? {
        guard let serial = change.serial else { return nil }
        guard let channel = snapshot.channel(serial: serial), channel.path == change.path else {
            return "\(change.path) is not there any more"
        }
        let by = channel.by.map { ", by \($0)" } ?? ""
        switch change.field {
        case "state":
            // Up, full and grace are all “switched on”.
            let switched: Set<String> = ["drain", "off", "auto"]
            let isOurs =
                switched.contains(change.to)
                ? channel.state.rawValue == change.to
                : !switched.contains(channel.state.rawValue)
            return isOurs ? nil : "\(change.path) is \(channel.state.rawValue) since\(by)"
        case "weight":
            return String(channel.weight) == change.to
                ? nil : "\(change.path) has weight \(channel.weight) since"
        case "maxc":
            let present = channel.maxc.cell
            return present == change.to ? nil : "\(change.path) has maxc \(present) since"
        default: return nil
        }
    }
}

/// Commands of one act that are sent one after the other; the first refusal ends it.
struct Batch: Equatable, Sendable {
    var act: Act
    /// Not sent yet.
    var rest: [[String]]
    var total: Int
    /// Whether the first command was sent.
    var hasBegun = false
    var outcomes: [String] = []
    var changes: [UndoList.Change] = []
    var cut: UInt64 = 0
}
