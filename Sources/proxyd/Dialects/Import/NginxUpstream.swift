internal import Shared

/// `upstream NAME { … }`.
struct NginxUpstream {
    private let directive: NginxDirective
    private(set) var groups: [GroupConfiguration] = []
    private(set) var grace = Duration.seconds(10)
    private(set) var failures = 1
    private(set) var hasLimits = false
    private(set) var remarks = ImportRemarks()

    init(_ directive: NginxDirective) { self.directive = directive }

    mutating func translate() {
        var main = GroupConfiguration(name: "main")
        var backup = GroupConfiguration(name: "backup")
        var times: Set<Duration> = []
        var counts: Set<Int> = []
        for line in directive.block ?? [] {
            switch line.name {
            case "server":
                let isBackup = line.words.contains("backup")
                let siblings = isBackup ? backup.channels : main.channels
                guard let channel = server(line, name: String(siblings.count), &times, &counts)
                else { continue }
                if isBackup {
                    backup.channels.append(channel)
                } else {
                    main.channels.append(channel)
                }
            case "least_conn": main.balance = BalanceConfiguration(policy: .leastConnections)
            case "least_time": main.balance = BalanceConfiguration(policy: .leastLatency)
            case "random": main.balance = BalanceConfiguration(policy: .randomTwoChoices)
            case "hash": main.balance = hash(line)
            case "zone", "state", "resolver", "resolver_timeout":
                remarks.drop(line.text, at: line.place, "not needed")
            default: remarks.drop(line.text, at: line.place)
            }
        }
        backup.balance = main.balance
        grace = times.max() ?? grace
        failures = counts.max() ?? failures
        if times.count > 1 || counts.count > 1 {
            remarks.differ(
                at: directive.place,
                "max_fails and fail_timeout: the largest of upstream \(directive[1]) count for all its servers"
            )
        }
        if failures == 0 { (grace, failures) = (.zero, 1) }
        groups = [main, backup].filter { group in group.channels.contains { $0.weight > 0 } }
    }

    private mutating func server(
        _ line: NginxDirective, name: String, _ times: inout Set<Duration>,
        _ counts: inout Set<Int>
    ) -> ChannelConfiguration? {
        guard var channel = Self.channel(line[1], name: name) else {
            remarks.drop(line.text, at: line.place, "no address with a port")
            return nil
        }
        times.insert(
            (line.value(of: "fail_timeout").flatMap(NginxTime.duration) ?? .seconds(10))
                .bounded(.zero...ValueReader.year))
        counts.insert(
            min(max(0, line.value(of: "max_fails").flatMap { Int($0) } ?? 1), 1000))
        for word in line.words.dropFirst(2) {
            let value = word.split(separator: "=", maxSplits: 1).last.map(String.init) ?? ""
            switch word.split(separator: "=").first.map(String.init) ?? "" {
            case "weight":
                channel.weight =
                    Int(value).map { min(max(1, $0), ValueReader.weights.upperBound) } ?? 1
            case "max_conns":
                channel.maxc = Int(value).flatMap { ValueReader.sessions.contains($0) ? $0 : nil }
                hasLimits = hasLimits || channel.maxc != nil
            case "down": channel.isEnabled = false
            case "backup", "max_fails", "fail_timeout": break
            case "resolve": remarks.drop("server … resolve", at: line.place, "not needed")
            default: remarks.drop("server … \(word)", at: line.place)
            }
        }
        return channel
    }

    static func channel(_ text: String, name: String) -> ChannelConfiguration? {
        guard !text.contains("$") else { return nil }
        let text = text.hasPrefix("unix:") && text.hasSuffix(":") ? String(text.dropLast()) : text
        guard let endpoint = try? EndpointReader.channel(text) else { return nil }
        return ChannelConfiguration(name: name, endpoint: endpoint)
    }

    private mutating func hash(_ line: NginxDirective) -> BalanceConfiguration {
        let isConsistent = line.words.contains("consistent")
        var key = HashKey.source
        switch line[1] {
        case "$remote_addr", "$binary_remote_addr": break
        case "$remote_addr$remote_port", "$binary_remote_addr$remote_port": key = .sourceAndPort
        case "$server_addr", "$server_port", "$server_addr:$server_port": key = .destination
        default:
            remarks.drop(line.text, at: line.place, "by the client's address instead")
        }
        remarks.differ(at: line.place, "hash: with other numbers than nginx's")
        return isConsistent
            ? BalanceConfiguration(policy: .sticky, key: key)
            : BalanceConfiguration(policy: .hash, key: key, failover: true)
    }
}
