internal import Shared

/// lighttpd's own options, as far as they have a meaning here.
struct SockproxyCommandLine: Equatable, Sendable {
    enum ParseError: Error, Equatable {
        case usage(String)
    }

    enum Task: Equatable, Sendable {
        case run
        /// `-t`: whether the file can be read.
        case parse
        /// `-tt`: whether it makes sense.
        case check
        case print
        case help
        case version(withFeatures: Bool)
    }

    var task = Task.run
    var file: String?
    var isInForeground = false

    static let failed: Int32 = 255

    init(_ arguments: [String], program: String) throws(ParseError) {
        let scan = OptionScanner.scan(arguments, for: "f:m:i:hvVD1pt")
        if let mistake = scan.mistake { throw .usage(mistake.words(of: program)) }
        var tests = 0
        for option in scan.options {
            switch option.letter {
            case "f": file = option.value
            case "D": isInForeground = true
            case "t": tests += 1
            case "p": task = .print
            case "h": task = .help
            case "v": task = .version(withFeatures: false)
            case "V": task = .version(withFeatures: true)
            case "i", "1":
                throw .usage(
                    "\(program): -\(option.letter) is not available: a proxy does not end when it has nothing to do; "
                        + "send it SIGINT")
            // Where modules are.
            default: break
            }
        }
        if task == .run, tests > 0 { task = tests == 1 ? .parse : .check }
        if let operand = scan.operands.first {
            throw .usage("\(program): “\(operand)” is not an option; write -f in front of a file")
        }
    }

    static func version(_ program: String) -> String {
        "\(program) (proxyd \(Version.string)) - sockproxy of lighttpd 1.4.74 and later\n"
    }

    static func help(_ program: String) -> String {
        """
        \(version(program))
        usage: \(program) [ -f FILE ] [ -D ] [ -t | -tt | -p | -v | -V | -h ]
         -f <name>  filename of the config-file
         -D         don't go to background (default: go to background)
         -t         test the syntax of the config-file and exit
         -tt        test whether the config-file makes sense, too, and exit
         -p         print what the config-file means, as a file of proxyd, and exit
         -m <name>  accepted: there are no modules to be loaded
         -v         show version and exit
         -V         show what of lighttpd is there and exit
         -h         show this help and exit

        PROXYD_CONTROL names the control socket; see proxyd(8).

        """
    }

    static let features = """

        Features:

        \t+ sockproxy: fair, least-connection, round-robin, hash, sticky
        \t+ IPv6 support
        \t+ OpenSSL support
        \t+ Unix sockets, include
        \t- include_shell, bin-path
        \t- everything else of lighttpd

        """
}
