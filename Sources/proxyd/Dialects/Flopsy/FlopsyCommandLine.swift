/// flopsy's options, read as the library reads them that it uses: a value attached or behind, with or without `=`.
struct FlopsyCommandLine: Equatable {
    enum Help { case short, long }

    struct ParseError: Error, Equatable {
        var text: String
    }

    private(set) var help: Help?
    private(set) var port: UInt16?
    private(set) var bind: String?
    private(set) var hosts: [String] = []
    private(set) var check: String?
    private(set) var triggers: String?
    private(set) var backoff: UInt32 = 60

    private enum Option: String, CaseIterable {
        case port, bind, hosts, help
        case check = "check-host"
        case triggers = "on-failover"
        case backoff = "max-backoff"

        var letter: Character {
            switch self {
            case .port: "p"
            case .bind: "b"
            case .hosts: "H"
            case .check: "c"
            case .triggers: "f"
            case .backoff: "B"
            case .help: "h"
            }
        }

        /// As messages call it.
        var text: String { self == .help ? "--help" : "--\(rawValue) <\(placeholder)>" }

        var placeholder: String {
            switch self {
            case .port: "PORT"
            case .bind: "BIND"
            case .hosts: "HOSTS"
            case .check: "CHECK_HOST"
            case .triggers: "ON_FAILOVER"
            case .backoff: "MAX_BACKOFF"
            case .help: ""
            }
        }
    }

    init(_ arguments: [String]) throws(ParseError) {
        var given: [Option: [String]] = [:]
        var rest = arguments[...]
        while let word = rest.popFirst() {
            let (option, attached) = try Self.option(in: word)
            if option == .help {
                help = word.hasPrefix("--") ? .long : .short
                return
            }
            guard let value = attached ?? Self.next(of: &rest) else {
                throw ParseError(
                    text: "The argument '\(option.text)' requires a value but none was supplied")
            }
            if given[option] != nil, option != .hosts {
                throw ParseError(
                    text: "The argument '\(option.text)' was provided more than once, "
                        + "but cannot be used multiple times")
            }
            given[option, default: []].append(value)
        }
        try read(given)
    }

    private static func option(in word: String) throws(ParseError) -> (Option, String?) {
        let unknown = ParseError(
            text: "Found argument '\(word)' which wasn't expected, or isn't valid in this context")
        if word.hasPrefix("--"), word != "--" {
            let parts = word.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let option = Option(rawValue: String(parts[0])) else { throw unknown }
            if option == .help, parts.count > 1 { throw unknown }
            return (option, parts.count > 1 ? String(parts[1]) : nil)
        }
        guard word.hasPrefix("-"), word.count > 1, word != "--",
            let option = Option.allCases.first(where: { $0.letter == word.dropFirst().first })
        else { throw unknown }
        var value = word.dropFirst(2)
        // `-hp80`: help was asked for, and nothing else matters.
        if option == .help || value.isEmpty { return (option, nil) }
        if value.first == "=" { value = value.dropFirst() }
        return (option, String(value))
    }

    /// A word that begins like an option is not a value.
    private static func next(of rest: inout ArraySlice<String>) -> String? {
        guard let word = rest.first, !word.hasPrefix("-") || word == "-" else { return nil }
        return rest.popFirst()
    }

    private mutating func read(_ given: [Option: [String]]) throws(ParseError) {
        if given[.port] != nil, given[.bind] != nil {
            throw ParseError(
                text: "The argument '\(Option.port.text)' cannot be used with '\(Option.bind.text)'"
            )
        }
        var missing: [String] = []
        if given[.hosts] == nil { missing.append("    \(Option.hosts.text)") }
        if given[.port] == nil, given[.bind] == nil {
            missing.append("    <\(Option.port.text)|\(Option.bind.text)>")
        }
        guard missing.isEmpty else {
            throw ParseError(
                text: "The following required arguments were not provided:\n"
                    + missing.joined(separator: "\n"))
        }
        port = try Self.number(given[.port]?.first, of: .port)
        bind = given[.bind]?.first
        hosts = (given[.hosts] ?? []).flatMap { list in
            list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        check = given[.check]?.first
        triggers = given[.triggers]?.first
        backoff = try Self.number(given[.backoff]?.first, of: .backoff) ?? backoff
    }

    private static func number<Number: FixedWidthInteger>(
        _ text: String?, of option: Option
    ) throws(ParseError) -> Number? {
        guard let text else { return nil }
        guard let number = Number(text) else {
            throw ParseError(
                text: "Invalid value \"\(text)\" for '\(option.text)': "
                    + "it is no number from 0 to \(Number.max)")
        }
        return number
    }
}
