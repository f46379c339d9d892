/// fproxy's options, and what stands on both sides of `--`.
struct FproxyCommandLine: Equatable {
    enum Strategy: String, Equatable {
        case roundRobin = "0"
        case connections = "1"
        case bytes = "2"
        case time = "3"
        case workload = "4"

        var policy: PolicyName {
            switch self {
            case .roundRobin: .roundRobin
            case .connections: .fewestConnectionsTotal
            case .bytes: .leastBytes
            case .time: .leastTime
            case .workload: .workload
            }
        }
    }

    enum ParseError: Error, Equatable {
        case option(OptionScanner.ParseError)
        case number(Character, String)
        case strategy(String)
        case noSeparator, noCluster, noBackend

        func words(of program: String) -> String {
            switch self {
            case .option(let mistake): mistake.words(of: program)
            case .number(let letter, let text):
                "\(program): -\(letter): '\(text)' is no number that can be"
            case .strategy(let text): "\(program): -s: '\(text)' is none of 0, 1, 2, 3 and 4"
            case .noSeparator: "\(program): there is no -- between clusters and backends"
            case .noCluster: "\(program): there is no cluster in front of --"
            case .noBackend: "\(program): there is no backend behind --"
            }
        }
    }

    private(set) var wantsHelp = false
    private(set) var accessLog = "/var/log/fproxy.log"
    private(set) var errorLog = "/var/log/fproxy.err"
    private(set) var pidFile = "/var/run/fproxy.pid"
    private(set) var isInForeground = false
    /// Bytes that a client sends before a backend is connected to; 0: none.
    private(set) var bytes = 0
    /// Seconds; 0: never.
    private(set) var timeout = 0
    private(set) var grace = 60
    private(set) var strategy = Strategy.workload
    private(set) var clusters: [String] = []
    private(set) var backends: [String] = []

    /// More than a client may have to send before it is served.
    static let mostBytes = 32_768

    init(_ arguments: [String]) throws(ParseError) {
        // `--` is for us: behind the first operand nothing is an option.
        let scan = OptionScanner.scan(arguments, for: "+ho:e:p:fy:t:g:s:")
        for option in scan.options { try read(option) }
        if let mistake = scan.mistake { throw .option(mistake) }
        if wantsHelp { return }
        guard let separator = scan.operands.firstIndex(of: "--") else { throw .noSeparator }
        clusters = Array(scan.operands[..<separator])
        backends = Array(scan.operands[(separator + 1)...])
        guard !clusters.isEmpty else { throw .noCluster }
        guard !backends.isEmpty else { throw .noBackend }
    }

    private mutating func read(_ option: OptionScanner.Option) throws(ParseError) {
        let value = option.value ?? ""
        switch option.letter {
        case "h": wantsHelp = true
        case "o": accessLog = value
        case "e": errorLog = value
        case "p": pidFile = value
        case "f": isInForeground = true
        case "y": bytes = try Self.number(value, of: "y", upTo: Self.mostBytes)
        case "t": timeout = try Self.number(value, of: "t", upTo: Self.year)
        case "g": grace = try Self.number(value, of: "g", upTo: Self.year)
        default:
            guard let strategy = Strategy(rawValue: value) else { throw .strategy(value) }
            self.strategy = strategy
        }
    }

    private static let year = 365 * 86_400

    private static func number(
        _ text: String, of letter: Character, upTo limit: Int
    ) throws(ParseError) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text), number <= limit
        else { throw .number(letter, text) }
        return number
    }
}
