internal import Shared

/// The text of a state file: a line that says what it is, one for each thing, and one that says that it is
/// whole. Fields stand between tabs, with the escapes of the control protocol.
enum SavedStateText {
    /// Why a text is not a state.
    enum Refusal: Error, Equatable, Sendable {
        /// It is something else, and not ours to write over.
        case foreign
        /// It is ours, of a version to come.
        case newer(String)
        /// It is ours, and damaged.
        case torn(line: Int)
    }

    private static let magic = "proxyd-state"
    private static let version = 1

    // MARK: Writing

    static func bytes(of state: SavedState) -> [UInt8] {
        var bytes: [UInt8] = []
        append(["\(magic)", "\(version)"], to: &bytes)
        for channel in state.channels {
            append(
                [
                    "channel", channel.key.parent, channel.key.word, "\(channel.key.ordinal)",
                    channel.state?.rawValue ?? Table.absent, "\(channel.sinceMilliseconds)",
                    channel.why ?? Table.absent, channel.by ?? Table.absent,
                    channel.weight.map { "\($0.live)" } ?? Table.absent,
                    channel.weight.map { "\($0.written)" } ?? Table.absent,
                ] + words(of: channel.totals), to: &bytes)
        }
        for listener in state.listeners {
            append(
                [
                    "listener", listener.key.parent, listener.key.word, "\(listener.key.ordinal)",
                ] + words(of: listener.totals), to: &bytes)
        }
        let count = state.channels.count + state.listeners.count
        let sum = Mix.bytes(bytes)
        append(["end", "\(count)", "\(sum)"], to: &bytes)
        return bytes
    }

    private static func words(of totals: TrafficCounters.Totals) -> [String] {
        [
            totals.sessions, totals.inBytes, totals.outBytes, totals.failures, totals.nanoseconds,
        ].map { "\($0)" }
    }

    private static func append(_ fields: [String], to bytes: inout [UInt8]) {
        for (index, field) in fields.enumerated() {
            if index > 0 { bytes.append(0x09) }
            Escape.append(field, to: &bytes)
        }
        bytes.append(0x0A)
    }

    // MARK: Reading

    static func state(of bytes: [UInt8]) throws(Refusal) -> SavedState {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let head = fields(lines.first ?? [])
        guard head.count == 2, head[0] == magic else { throw .foreign }
        guard head[1] == "\(version)" else { throw .newer(String(head[1].prefix(20))) }
        // Behind the last line break there is nothing.
        guard lines.count >= 3, lines.last?.isEmpty == true else { throw .torn(line: lines.count) }
        let last = lines[lines.count - 2]
        guard
            fields(last)
                == ["end", "\(lines.count - 3)", "\(Mix.bytes(bytes[..<last.startIndex]))"]
        else { throw .torn(line: lines.count - 1) }
        var state = SavedState()
        for (index, line) in lines[1..<(lines.count - 2)].enumerated() {
            let fields = fields(line)
            if let channel = channel(fields) {
                state.channels.append(channel)
            } else if let listener = listener(fields) {
                state.listeners.append(listener)
            } else {
                throw .torn(line: index + 2)
            }
        }
        return state
    }

    private static func fields(_ line: ArraySlice<UInt8>) -> [String] {
        line.split(separator: 0x09, omittingEmptySubsequences: false).map {
            Escape.unescaped(String(decoding: $0, as: UTF8.self))
        }
    }

    private static func channel(_ fields: [String]) -> SavedChannel? {
        guard fields.count == 15, fields[0] == "channel", let key = key(fields),
            let since = UInt64(fields[5]), let totals = totals(fields[10...])
        else { return nil }
        func text(_ index: Int) -> String? {
            fields[index] == Table.absent ? nil : fields[index]
        }
        let state = text(4).map { SavedSwitch(rawValue: $0) }
        if case .some(nil) = state { return nil }
        var channel = SavedChannel(
            key: key, state: state ?? nil, sinceMilliseconds: since, why: text(6), by: text(7),
            totals: totals)
        if let live = text(8), let written = text(9) {
            guard let live = Int(live), let written = Int(written) else { return nil }
            channel.weight = SavedWeight(live: live, written: written)
        }
        return channel
    }

    private static func listener(_ fields: [String]) -> SavedListener? {
        guard fields.count == 9, fields[0] == "listener", let key = key(fields),
            let totals = totals(fields[4...])
        else { return nil }
        return SavedListener(key: key, totals: totals)
    }

    private static func key(_ fields: [String]) -> SavedKey? {
        Int(fields[3]).map { SavedKey(parent: fields[1], word: fields[2], ordinal: $0) }
    }

    private static func totals(_ fields: ArraySlice<String>) -> TrafficCounters.Totals? {
        let numbers = fields.compactMap { UInt64($0) }
        guard numbers.count == 5 else { return nil }
        return TrafficCounters.Totals(
            sessions: numbers[0], inBytes: numbers[1], outBytes: numbers[2], failures: numbers[3],
            nanoseconds: numbers[4])
    }
}
