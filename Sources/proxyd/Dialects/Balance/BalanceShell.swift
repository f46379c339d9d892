internal import Shared

/// Whom the shell asks: a daemon's control socket, or a test.
protocol BalanceLink {
    /// One command of the control protocol, answered.
    mutating func ask(_ words: [String]) throws(BalanceLost) -> Reply
}

/// The daemon answers no more.
struct BalanceLost: Error, Equatable {}

/// balance's control shell: its words and texts, over the control protocol.
struct BalanceShell<Link: BalanceLink> {
    enum Outcome: Equatable {
        case proceed
        case quit
        /// The daemon is to end, and whether it does shows in its socket.
        case kill
    }

    private var link: Link
    private let services: (String) -> UInt16?
    /// What a host's name stands for; nil: names are not looked up here.
    private let addresses: ((String) -> IPAddress?)?
    private(set) var group = 0

    init(
        _ link: Link, services: @escaping (String) -> UInt16?,
        addresses: ((String) -> IPAddress?)? = nil
    ) {
        self.link = link
        self.services = services
        self.addresses = addresses
    }

    var prompt: String { "balance[\(group)] " }

    /// In the order in which a prefix is looked up.
    private enum Verb: String, CaseIterable {
        case quit, show, help, kill, disable, group, reset, enable, create, assign, maxc
        case mrtgBytes = "mrtg-bytes"
        case mrtgConns = "mrtg-conns"
        case version, hash, rr

        init?(_ word: String) {
            guard word != "?" else {
                self = .help
                return
            }
            guard let verb = Self.allCases.first(where: { $0.rawValue.hasPrefix(word) }) else {
                return nil
            }
            self = verb
        }
    }

    /// Does what a line says; `print` gets whole lines.
    mutating func run(_ line: String, print: (String) -> Void) throws(BalanceLost) -> Outcome {
        let bounded = String(
            decoding: line.utf8.prefix(BalanceCommandLine.longestCommand), as: UTF8.self)
        let words = bounded.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
            .map(String.init)
        guard let first = words.first else { return .proceed }
        guard let verb = Verb(first) else {
            print("syntax error")
            return .proceed
        }
        let arguments = Array(words.dropFirst())
        switch verb {
        case .quit: return .quit
        case .kill: return .kill
        case .help: BalanceTexts.help.forEach(print)
        case .version: BalanceTexts.version.forEach(print)
        case .show: try show(print)
        default: print(try answer(verb, arguments))
        }
        return .proceed
    }

    /// One command that answers with one text; nothing at all is an empty one, which is not printed.
    private mutating func answer(
        _ verb: Verb, _ words: [String]
    ) throws(BalanceLost) -> String {
        switch verb {
        case .group: return selectGroup(words)
        case .enable: return try turn(words, on: true)
        case .disable: return try turn(words, on: false)
        case .create: return try create(words)
        case .assign: return try assign(words)
        case .maxc: return try setMaxc(words)
        case .reset: return try reset(words)
        case .hash: return try setPolicy(isHash: true)
        case .rr: return try setPolicy(isHash: false)
        case .mrtgBytes: return try mrtg("mrtg-bytes", words)
        case .mrtgConns: return try mrtg("mrtg-conns", words)
        case .quit, .kill, .help, .version, .show: return ""
        }
    }

    private static var syntaxError: String { "syntax error" }

    // MARK: What there is

    private mutating func rows<Row: Snapshot>(_ words: [String]) throws(BalanceLost) -> [Row] {
        guard case .ok(_, let lines) = try link.ask(words) else { throw BalanceLost() }
        guard let table = Table(lines: lines) else { return [] }
        return Row.all(in: table)
    }

    private mutating func channels() throws(BalanceLost) -> [BalanceChannel] {
        let rows: [ChannelSnapshot] = try rows(["show", "channels"])
        return rows.compactMap(BalanceChannel.init)
    }

    private mutating func groups() throws(BalanceLost) -> [GroupSnapshot] {
        try rows(["show", "groups"])
    }

    /// A channel of the current group.
    private mutating func channel(_ number: Int) throws(BalanceLost) -> BalanceChannel? {
        let group = group
        return try channels().first { $0.group == group && $0.number == number }
    }

    private mutating func show(_ print: (String) -> Void) throws(BalanceLost) {
        print(BalanceTexts.showHead)
        let hashes = Set(try groups().filter(\.isHash).map(\.path))
        // A name that many channels have is looked up once.
        var known: [String: String?] = [:]
        for channel in try channels() {
            let isHash = hashes.contains(channel.groupPath)
            let address = known[channel.host] ?? numeric(channel.host)
            known[channel.host] = address
            print(channel.line(isHash: isHash, address: address))
        }
    }

    /// The address that a name resolves to now; nil if `host` is an address already, or does not resolve.
    private func numeric(_ host: String) -> String? {
        guard !host.hasPrefix("["), !host.hasPrefix("unix:"), IPAddress(host) == nil else {
            return nil
        }
        return addresses?(host).map { "\($0)" }
    }

    // MARK: Commands

    private mutating func selectGroup(_ words: [String]) -> String {
        guard let word = words.first else { return Self.syntaxError }
        let number = CNumber.of(word)
        guard (0..<BalanceCommandLine.mostGroups).contains(number) else {
            return "value out of range"
        }
        group = number
        return ""
    }

    private mutating func turn(_ words: [String], on isOn: Bool) throws(BalanceLost) -> String {
        guard let word = words.first else { return Self.syntaxError }
        let number = CNumber.of(word)
        guard let channel = try channel(number) else { return "no such channel \(number)" }
        let state = isOn ? "enabled" : "disabled"
        guard channel.isEnabled != isOn else { return "channel \(number) already \(state)" }
        let words =
            channel.hasNegativeCap
            ? ["set", channel.path, "label", BalanceCap(Int(channel.maxc), isEnabled: isOn).label]
            : [isOn ? "enable" : "disable", channel.path]
        return try done(words) ?? "channel \(number) \(state)"
    }

    private mutating func create(_ words: [String]) throws(BalanceLost) -> String {
        let group = group
        guard try channels().count(where: { $0.group == group }) < BalanceCommandLine.mostChannels
        else { return "no channel slots available" }
        guard words.count >= 2 else { return Self.syntaxError }
        guard let address = address(words[0], words[1]) else { return "invalid address" }
        if let refusal = try makeGroups() { return refusal }
        let reply = try link.ask(["create", "balance/\(group)", address, "enabled=false"])
        return Self.refusal(reply, invalid: "invalid address") ?? "channel created"
    }

    /// Here a group is there once it is used.
    private mutating func makeGroups() throws(BalanceLost) -> String? {
        var count = try groups().count
        while count <= group {
            let reply = try link.ask(
                ["create", "group", "balance/\(count)", "may-be-empty=true"])
            if let refusal = Self.refusal(reply) { return refusal }
            count += 1
        }
        return nil
    }

    private mutating func assign(_ words: [String]) throws(BalanceLost) -> String {
        guard let word = words.first else { return Self.syntaxError }
        guard let channel = try channel(CNumber.of(word)) else { return "unknown channel" }
        guard !channel.isEnabled else {
            return "channel must be disabled to assign new address"
        }
        guard words.count >= 3 else { return Self.syntaxError }
        guard let address = address(words[1], words[2]) else { return "invalid address" }
        let reply = try link.ask(["set", channel.path, "address", address])
        return Self.refusal(reply, invalid: "invalid address") ?? "channel reassigned"
    }

    private mutating func setMaxc(_ words: [String]) throws(BalanceLost) -> String {
        guard words.count >= 2 else { return Self.syntaxError }
        let (number, maxc) = (CNumber.of(words[0]), CNumber.of(words[1]))
        guard let channel = try channel(number) else { return "unknown channel" }
        let path = channel.path
        var commands = [["set", path, "maxc", maxc > 0 ? String(maxc) : "-"]]
        if maxc < 0 {
            let cap = BalanceCap(maxc, isEnabled: channel.isEnabled)
            commands.append(["set", path, "label", cap.label])
            if channel.isEnabled, !channel.hasNegativeCap { commands.append(["disable", path]) }
        } else if channel.hasNegativeCap {
            commands.append(["set", path, "label", "-"])
            if channel.isEnabled { commands.append(["enable", path]) }
        }
        for command in commands {
            if let refusal = try done(command) { return refusal }
        }
        return "maxc of channel \(number) changed to \(maxc)"
    }

    private mutating func reset(_ words: [String]) throws(BalanceLost) -> String {
        guard let word = words.first else { return Self.syntaxError }
        let number = CNumber.of(word)
        guard let channel = try channel(number) else { return "no such channel \(number)" }
        return try done(["reset", channel.path]) ?? "channel \(number) counters reset"
    }

    private mutating func setPolicy(isHash: Bool) throws(BalanceLost) -> String {
        if let refusal = try makeGroups() { return refusal }
        var words = ["set", "balance/\(group)", "balance"]
        if isHash {
            words += ["hash", "function=balance"]
            if try failsOver() { words.append("failover=true") }
        } else {
            words.append("round-robin")
        }
        return try done(words)
            ?? "group \(group) set to \(isHash ? "hash" : "round robin")"
    }

    /// Whether the daemon was started with `-H`.
    private mutating func failsOver() throws(BalanceLost) -> Bool {
        guard case .ok(let attributes, _) = try link.ask(["hello"]),
            let started = attributes.first(where: { $0.name == "dialect" })?.value,
            let words = try? Request(line: Array(started.utf8)).words
        else { return false }
        let line = try? BalanceCommandLine(Array(words.dropFirst()), services: services)
        return line?.failsOver ?? false
    }

    private mutating func mrtg(_ verb: String, _ words: [String]) throws(BalanceLost) -> String {
        guard words.count >= 2 else { return Self.syntaxError }
        let (group, number) = (CNumber.of(words[0]), CNumber.of(words[1]))
        guard (0..<BalanceCommandLine.mostGroups).contains(group) else { return "unknown group" }
        guard
            let channel = try channels().first(where: { $0.group == group && $0.number == number })
        else { return "unknown channel" }
        let values =
            verb == "mrtg-bytes"
            ? [String(channel.received), String(channel.sent)]
            : [String(channel.total), "UNKNOWN"]
        return (values + ["UNKNOWN", "group \(group) channel \(number)"]).joined(separator: "\n")
    }

    // MARK: Helpers of commands

    /// `HOST` may bring a port of its own, which wins.
    private func address(_ host: String, _ port: String) -> String? {
        let text: String
        if host.hasPrefix("["), host.contains("]:") {
            text = host
        } else if !host.hasPrefix("["), let colon = host.firstIndex(of: ":") {
            guard
                let number = BalanceCommandLine.port(
                    String(host[host.index(after: colon)...]), services)
            else { return nil }
            text = "\(host[..<colon]):\(number)"
        } else {
            guard let number = BalanceCommandLine.port(port, services) else { return nil }
            text = "\(host):\(number)"
        }
        guard let endpoint = try? EndpointReader.channel(text) else { return nil }
        // A name has to have an address now.
        if case .name(let name, _) = endpoint, let addresses, addresses(name) == nil { return nil }
        return endpoint.description
    }

    /// nil when it was done; otherwise why not.
    private mutating func done(_ words: [String]) throws(BalanceLost) -> String? {
        Self.refusal(try link.ask(words))
    }

    private static func refusal(_ reply: Reply, invalid: String? = nil) -> String? {
        guard case .error(let code, let message) = reply else { return nil }
        if code == .invalid || code == .usage, let invalid { return invalid }
        return message
    }
}

extension GroupSnapshot {
    fileprivate var isHash: Bool { balance.hasPrefix("hash") }
}
