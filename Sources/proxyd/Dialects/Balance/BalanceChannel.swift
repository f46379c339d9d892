internal import Shared

/// A channel as balance shows it.
struct BalanceChannel: Equatable {
    let path: String
    let groupPath: String
    let group: Int
    let number: Int
    /// As balance shows it.
    let isEnabled: Bool
    let hasNegativeCap: Bool
    /// An address, a name or a Unix socket.
    let host: String
    private let port: String
    private let current: UInt64
    /// Attempts, not sessions, as the original counts them.
    let total: UInt64
    let maxc: Int64
    /// From the client.
    let sent: UInt64
    /// From the channel.
    let received: UInt64

    /// nil: its names are not of balance's kind.
    init?(_ channel: ChannelSnapshot) {
        let parts = channel.path.split(separator: "/").map(String.init)
        guard parts.count == 3, let group = Int(parts[1]), let number = Int(parts[2]) else {
            return nil
        }
        path = channel.path
        groupPath = "\(parts[0])/\(parts[1])"
        (self.group, self.number) = (group, number)
        let negative = channel.label.flatMap(BalanceCap.init)
        hasNegativeCap = negative != nil
        isEnabled = negative?.isEnabled ?? ![.off, .auto, .drain].contains(channel.state)
        let colon = channel.address.lastIndex(of: ":")
        let isUnix = channel.address.hasPrefix("unix:")
        host =
            isUnix
            ? channel.address
            : String(channel.address.prefix(upTo: colon ?? channel.address.endIndex))
        port = isUnix ? "0" : colon.map { String(channel.address[$0...].dropFirst()) } ?? "0"
        current = channel.current
        total = channel.total + channel.failed
        maxc = Int64(negative?.cap ?? Int(clamping: channel.maxc ?? 0))
        sent = channel.inBytes
        received = channel.outBytes
    }

    /// A line of `show`; `address` is what the name of the host stands for.
    func line(isHash: Bool, address: String?) -> String {
        let host = address ?? host
        return [
            String(group).right(3), (isHash ? "Hash" : "RR").right(4), String(number).right(2),
            (isEnabled ? "ENA" : "dis").right(3), host.right(16), port.right(5),
            String(current).right(4), String(total).right(11), String(maxc).right(4),
            String(sent).right(11), String(received).right(11),
        ].joined(separator: " ")
    }
}

/// A cap below 0: no number of sessions is below it, so that the channel gets none. Only balance has such caps.
/// The channel is switched off for it, and its label says what balance shows.
struct BalanceCap: Equatable {
    var cap: Int
    var isEnabled = true

    var label: String { "maxc \(cap)\(isEnabled ? "" : " dis")" }

    init(_ cap: Int, isEnabled: Bool = true) { (self.cap, self.isEnabled) = (cap, isEnabled) }

    init?(_ label: String) {
        let words = label.split(separator: " ")
        guard words.count > 1, words[0] == "maxc", let cap = Int(words[1]), cap < 0 else {
            return nil
        }
        self.init(cap, isEnabled: words.count == 2)
    }
}

extension String {
    /// At the right end of a field so wide.
    fileprivate func right(_ width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}

/// Texts of balance's shell.
enum BalanceTexts {
    static let showHead =
        "GRP Type  #   S       ip-address  port    c      totalc maxc        sent        rcvd"

    static let version = [
        "  This is balance \(BalanceDialect.version)",
        "  MAXGROUPS=\(BalanceCommandLine.mostGroups)",
        "  MAXCHANNELS=\(BalanceCommandLine.mostChannels)",
    ]

    static let help = [
        "available commands:",
        "  create <host> <port>           creates a channel in the current group",
        "  assign <channel> <host> <port> reassigns a channel in the current group",
        "  disable <channel>              disables specified channel in current group",
        "  enable <channel>               enables channel in current group",
        "  group <group>                  changes current group to <group>",
        "  hash                           sets distribution scheme of current group to Hash",
        "  help                           prints this message",
        "  kill                           kills master process and quits interactive mode",
        "  maxc <channel> <maxc>          specifies new maxc for channel of current group",
        "  mrtg-bytes <grp> <ch>          print bytes in/out in MRTG format",
        "  mrtg-conns <grp> <ch>          print total connections in MRTG format",
        "  quit                           quit interactive mode",
        "  reset <channel>                reset all counters of channel in current group",
        "  rr                             sets distribution scheme of current group to Round Robin",
        "  show                           show all channels in all groups",
        "  version                        show version id",
    ]
}
