internal import Shared

/// Sends what channels have done to a statsd server, over UDP. Sending never waits: what does not go out at
/// once is lost, as statsd has it.
final class StatsdPusher {
    private let settings: StatsdConfiguration
    private let socket: FileDescriptor
    private var last: [UInt64: TrafficCounters.Totals] = [:]
    private var present: [UInt64: TrafficCounters.Totals] = [:]
    private(set) var nextDeadline: Instant
    /// Channels that are still to be pushed in this interval.
    private var rest: ArraySlice<Channel> = []
    private var intervalEnd: Instant
    /// Channels pushed in one turn of the loop.
    static let channelsPerTurn = 64

    init(_ settings: StatsdConfiguration, now: Instant) throws(StartError) {
        self.settings = settings
        let address = try SocketAddress(resolving: settings.endpoint)
        do throws(SystemError) {
            socket = try Socket.openDatagrams(to: address)
        } catch {
            throw StartError(
                code: .system, message: "cannot send to statsd at \(settings.endpoint): \(error)")
        }
        nextDeadline = now.advanced(by: settings.interval)
        intervalEnd = nextDeadline
    }

    /// What was counted before was pushed by another process.
    func startFrom(_ topology: Topology) {
        last = Dictionary(topology.channels.map { ($0.serial, $0.totals) }) { first, _ in first }
    }

    func meetDeadline(_ topology: Topology, now: Instant) {
        guard now >= nextDeadline else { return }
        if now >= intervalEnd, rest.isEmpty {
            intervalEnd = now.advanced(by: settings.interval)
            rest = topology.channels[...]
            present = [:]
        }
        push(rest.prefix(Self.channelsPerTurn))
        rest = rest.dropFirst(Self.channelsPerTurn)
        if rest.isEmpty {
            (last, present) = (present, [:])
            rest = []
        }
        nextDeadline = rest.isEmpty ? max(intervalEnd, now) : now
    }

    private func push(_ channels: ArraySlice<Channel>) {
        var text = StatsdText(prefix: settings.prefix)
        for channel in channels {
            let totals = channel.totals
            let change = totals.since(last[channel.serial] ?? TrafficCounters.Totals())
            present[channel.serial] = totals
            text.add(channel.path, change, current: max(0, channel.current))
        }
        for packet in text.packets {
            // Refused or full: the next interval pushes its own.
            _ = Socket.send(socket.number, packet[...])
        }
    }
}

/// Lines for statsd, in packets that no network cuts up.
struct StatsdText {
    static let longestPacket = 1400

    let prefix: String
    private(set) var packets: [[UInt8]] = []

    init(prefix: String) { self.prefix = prefix }

    /// What a channel has done since the last time, and what it does now.
    mutating func add(_ path: String, _ change: TrafficCounters.Totals, current: Int) {
        let name = "\(prefix).channel.\(Self.name(path))"
        add("\(name).sessions:\(change.sessions)|c")
        add("\(name).failed:\(change.failures)|c")
        add("\(name).in_bytes:\(change.inBytes)|c")
        add("\(name).out_bytes:\(change.outBytes)|c")
        add("\(name).current:\(current)|g")
    }

    /// A path's parts are joined by `.`, and whatever means something to statsd becomes `_`.
    static func name(_ path: String) -> String {
        path.split(separator: "/").map { part in
            String(part.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "_" })
        }.joined(separator: ".")
    }

    private mutating func add(_ line: String) {
        let bytes = Array(line.utf8)
        if let last = packets.last, last.count + 1 + bytes.count <= Self.longestPacket {
            packets[packets.count - 1] += [0x0A] + bytes
        } else {
            packets.append(bytes)
        }
    }
}
