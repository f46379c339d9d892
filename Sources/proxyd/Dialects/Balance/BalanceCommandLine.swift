internal import Shared

/// balance's options and operands, as 3.54 reads them.
struct BalanceCommandLine: Equatable {
    /// Where the original had a place for each.
    static let mostGroups = 16
    static let mostChannels = 64
    /// Bytes of a command that count.
    static let longestCommand = 127

    struct Destination: Equatable {
        var text: String
        var endpoint: Endpoint
        /// nil: no cap. Below 0: no client gets there.
        var maxc: Int?
    }

    struct Destinations: Equatable {
        var isHash = false
        var list: [Destination] = []
    }

    /// What it says on standard error, and ends with.
    enum ParseError: Error, Equatable {
        /// The usage text, behind getopt's own complaint if there is one.
        case usage(OptionScanner.ParseError?)
        case said(String, Int32)
    }

    private(set) var isAutodisabling = false
    private(set) var bindHost: String?
    private(set) var sourceHost: String?
    private(set) var command: String?
    private(set) var isDebugging = false
    private(set) var isInForeground = false
    private(set) var failsOver = false
    private(set) var isInteractive = false
    private(set) var isMapped = false
    private(set) var dumps = false
    private(set) var connectTimeout = 5
    /// nil: never.
    private(set) var idleTimeout: Int?
    private(set) var isIPv6 = false
    private(set) var port: UInt16 = 0
    private(set) var groups: [Destinations] = []

    static let letters = "c:b:B:t:T:adfpiHM6"

    /// `services` finds the number of a service's name.
    init(_ arguments: [String], services: (String) -> UInt16?) throws(ParseError) {
        let scan = OptionScanner.scan(arguments, for: Self.letters)
        for option in scan.options { try read(option) }
        if let mistake = scan.mistake { throw .usage(mistake) }
        guard let first = scan.operands.first, !isInteractive || scan.operands.count == 1 else {
            throw .usage(nil)
        }
        try readPort(first, services)
        if isInteractive { return }
        try readDestinations(Array(scan.operands.dropFirst()), services)
    }

    private mutating func read(_ option: OptionScanner.Option) throws(ParseError) {
        let value = option.value ?? ""
        switch option.letter {
        case "a": isAutodisabling = true
        case "b": bindHost = value
        case "B": sourceHost = value
        case "c":
            command = String(decoding: value.utf8.prefix(Self.longestCommand), as: UTF8.self)
            isInteractive = true
        case "d": isDebugging = true
        case "f": isInForeground = true
        case "H": failsOver = true
        case "i": isInteractive = true
        case "M": isMapped = true
        case "p": dumps = true
        case "t": connectTimeout = try Self.seconds(value)
        case "T": idleTimeout = try Self.seconds(value)
        default: isIPv6 = true
        }
    }

    private static func seconds(_ text: String) throws(ParseError) -> Int {
        let seconds = CNumber.of(text)
        guard seconds >= 1 else { throw .usage(nil) }
        return min(seconds, 365 * 86_400)
    }

    private mutating func readPort(
        _ text: String, _ services: (String) -> UInt16?
    ) throws(ParseError) {
        if let number = services(text) {
            port = number
            return
        }
        guard CNumber.of(text) != 0 else { throw .said("invalid port [\(text)], exiting.", 64) }
        // It gets as far as getaddrinfo(3) with such a port.
        guard let number = UInt16(text), number > 0 else {
            throw .said(
                "error at getaddrinfo: Servname not supported for ai_socktype\nexiting.", 71)
        }
        port = number
    }

    // MARK: Destinations

    private mutating func readDestinations(
        _ operands: [String], _ services: (String) -> UInt16?
    ) throws(ParseError) {
        guard operands.count < Self.mostChannels else { throw .said("MAXCHANNELS exceeded...", 64) }
        var group = Destinations()
        for operand in operands {
            guard operand == "!" || operand == "%" else {
                group.list.append(try destination(operand, services))
                continue
            }
            guard !group.list.isEmpty else {
                throw .said("balance: no channels in group", 69)
            }
            group.isHash = operand == "%"
            groups.append(group)
            guard groups.count < Self.mostGroups else {
                throw .said("balance: too many groups", 69)
            }
            group = Destinations()
        }
        if !group.list.isEmpty || groups.isEmpty { groups.append(group) }
    }

    /// `host`, `host:port`, `host:port:maxc` or `host::maxc`; and ours, an IPv6 address in brackets.
    private func destination(
        _ text: String, _ services: (String) -> UInt16?
    ) throws(ParseError) -> Destination {
        let unknown = ParseError.said("unknown or invalid address [\(text)]", 65)
        if text.hasPrefix("[") || text.hasPrefix("unix:/") {
            do throws(ValueError) {
                let operand = try ChannelOperand(text, defaultPort: port)
                return Destination(text: text, endpoint: operand.endpoint, maxc: operand.maxc)
            } catch {
                throw unknown
            }
        }
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        let host = String(parts[0])
        var number = port
        if parts.count > 1, !parts[1].isEmpty {
            guard let named = Self.port(String(parts[1]), services) else {
                throw .said("unknown or invalid port in [\(text)]", 65)
            }
            number = named
        }
        guard !host.isEmpty, let endpoint = try? Endpoint("\(host):\(number)")
        else { throw unknown }
        let maxc = parts.count > 2 ? CNumber.of(String(parts[2])) : 0
        return Destination(
            text: text, endpoint: endpoint.destination,
            maxc: maxc == 0 ? nil : max(-10_000_000, min(maxc, 10_000_000)))
    }

    /// A name or a number; nil for a port that cannot be connected to.
    static func port(_ text: String, _ services: (String) -> UInt16?) -> UInt16? {
        if let named = services(text) { return named }
        guard let number = UInt16(exactly: CNumber.of(text)), number > 0 else { return nil }
        return number
    }
}

/// Numbers as atoi(3) reads them: anything else is 0.
enum CNumber {
    static func of(_ text: String) -> Int {
        var digits = Substring(text).drop { $0 == " " || $0 == "\t" || $0 == "\n" }
        let isNegative = digits.first == "-"
        if isNegative || digits.first == "+" { digits = digits.dropFirst() }
        var number = 0
        for byte in digits.utf8 {
            guard (0x30...0x39).contains(byte), number < 1 << 40 else { break }
            number = number * 10 + Int(byte) - 0x30
        }
        return isNegative ? -number : number
    }
}
