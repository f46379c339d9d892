internal import Shared

/// A channel as balance shows it.
struct BalanceChannel: Equatable {
    let path: String
    let groupPath: String
    let group: Int
    let number: Int
    let isEnabled: Bool
    private let host: String
    private let port: String
    private let current: UInt64
    /// Attempts, not sessions, as the original counts them.
    let total: UInt64
    private let maxc: UInt64
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
        isEnabled = ![.off, .auto, .drain].contains(channel.state)
        let colon = channel.address.lastIndex(of: ":")
        let isUnix = channel.address.hasPrefix("unix:")
        host =
            isUnix
            ? channel.address
            : String(channel.address.prefix(upTo: colon ?? channel.address.endIndex))
        port = isUnix ? "0" : colon.map { String(channel.address[$0...].dropFirst()) } ?? "0"
        current = channel.current
        total = channel.total + channel.failed
        maxc = channel.maxc ?? 0
        sent = channel.inBytes
        received = channel.outBytes
    }

    /// A line of `show`.
    func line(isHash: Bool) -> String {
        [
            String(group).right(3), (isHash ? "Hash" : "RR").right(4), String(number).right(2),
            (isEnabled ? "ENA" : "dis").right(3), host.right(16), port.right(5),
            String(current).right(4), String(total).right(11), String(maxc).right(4),
            String(sent).right(11), String(received).right(11),
        ].joined(separator: " ")
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
        "  kill                           kills master process and interactive mode",
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
