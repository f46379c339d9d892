/// What `flopsy --help` prints, and ours in addition.
enum FlopsyUsage {
    static func line(_ program: String) -> String {
        "USAGE:\n    \(program) [OPTIONS] --hosts <HOSTS>... <--port <PORT>|--bind <BIND>>"
    }

    static func help(isLong: Bool, program: String) -> String {
        var text = "\(program) \(Self.version)\nProtocol-agnostic TCP failover proxy\n\n"
        text += line(program) + "\n\nOPTIONS:\n"
        for (option, brief, more) in options {
            if isLong {
                text += "    \(option)\n            \(brief)\n"
                for line in more { text += "            \(line)\n" }
                text += "\n"
            } else {
                let gap = String(repeating: " ", count: max(2, 34 - option.count))
                text += "    \(option)\(gap)\(brief)\n"
            }
        }
        return text + (isLong ? "" : "\n") + additions
    }

    private static let version = "0.1.0"

    private static let options: [(String, String, [String])] = [
        (
            "-b, --bind <BIND>", "Listen on exactly this address: ADDRESS:PORT",
            ["IPv6 stands in brackets: [::1]:80."]
        ),
        (
            "-B, --max-backoff <MAX_BACKOFF>",
            "Longest pause between selection rounds [default: 60]",
            ["In seconds. The first pause is one second, and each is twice the one before."]
        ),
        (
            "-c, --check-host <CHECK_HOST>", "Program that says whether a host will do",
            ["It gets the host as its only argument; exit status 0 says yes."]
        ),
        (
            "-f, --on-failover <ON_FAILOVER>",
            "Program, or directory of them, run for a new primary",
            [
                "Those of a directory are run in the order of their names, with the host as their only",
                "argument, before the new primary gets connections.",
            ]
        ),
        ("-h, --help", "Print help information", []),
        (
            "-H, --hosts <HOSTS>...", "Hosts in the order of preference: HOST:PORT,HOST:PORT",
            ["Exactly one of them, the primary, gets all connections."]
        ),
        ("-p, --port <PORT>", "Listen on this port on all addresses", []),
    ]

    private static let additions = """
        This is proxyd. In addition to what flopsy does there is a control socket, whose place the
        variable PROXYD_CONTROL names: see "proxyd ctl" and proxytop(1). "proxyd translate flopsy ..."
        prints the configuration file that the same arguments mean.

        """
}
