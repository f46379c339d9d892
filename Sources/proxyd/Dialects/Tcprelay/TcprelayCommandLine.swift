/// `tcprelay [-P] [-d LEVEL] [-i ID] FILE [ID]`, and what the program takes besides.
struct TcprelayCommandLine: Equatable, Sendable {
    enum ParseError: Error, Equatable {
        /// As getopt(3) tells it; empty: the operands are not as they should be.
        case usage(String)
    }

    var checksOnly = false
    var isDebugging = false
    var logsToStandardError = false
    var showsVersion = false
    var relay: String?
    var spawnd: String?
    var pidFile: String?
    /// nil: as the file says.
    var isInBackground: Bool?
    var file = ""

    init(_ arguments: [String], program: String) throws(ParseError) {
        let scan = OptionScanner.scan(arguments, for: "Pd:Di:I:p:bf1v")
        if let mistake = scan.mistake { throw .usage(mistake.words(of: program)) }
        for option in scan.options {
            switch option.letter {
            case "P": checksOnly = true
            case "d": isDebugging = (TcprelayNumber(option.value ?? "")?.value ?? 0) != 0
            case "D": logsToStandardError = true
            case "i": relay = option.value
            case "I": spawnd = option.value
            case "p": pidFile = option.value
            case "b": isInBackground = true
            case "f": isInBackground = false
            case "v": showsVersion = true
            // One process it is anyway.
            default: break
            }
        }
        if showsVersion { return }
        guard let file = scan.operands.first, scan.operands.count <= 2 else { throw .usage("") }
        self.file = file
        // The documents have it there, and the program forgets it.
        if scan.operands.count == 2, spawnd == nil { spawnd = scan.operands[1] }
    }

    static func usage(_ program: String) -> String {
        """
        Usage: \(program) [ <Options> ] <configuration file> [ <id> ]

        <id>: select the section of the listeners (default: spawnd)

        Options:
          -P                 parse the configuration file, then quit
          -d <debug level>   write everything into the log when it is not 0
          -D                 log to standard error
          -i <child id>      select the section of the remotes (default: tcprelay)
          -I <id>            select the section of the listeners
          -p <pid file>      write the process id into this file
          -b                 force background operation
          -f                 force foreground operation
          -1                 single-process mode (it always is)
          -v                 show version, then quit

        PROXYD_CONTROL names the control socket; see proxyd(8).
        """
    }
}
