internal import Shared

// `id = spawnd { … }`: who may connect where, and how many.

extension TcprelayParser {
    private static let spawndWords = [
        "listen", "background", "pidfile", "pid-file", "overload", "permit", "deny", "acl", "bind",
        "tcp", "single", "sticky", "spawn", "exec",
    ]

    mutating func readSpawnd() throws(TcprelayError) {
        while !(try reader.consume("}")) {
            if try common() { continue }
            let place = reader.token.place
            guard reader.token.kind == .word else {
                throw TcprelayError(
                    expected: Self.spawndWords + Self.commonWords + ["}"], butGot: reader.token)
            }
            let word = reader.token.text
            switch word {
            case "permit", "deny", "acl": try readRule()
            case "listen":
                try reader.advance()
                spawnd.listens.append(try readListen(at: place))
            case "spawn":
                try reader.advance()
                try reader.skipEqual()
                try reader.expect("{")
                while !(try reader.consume("}")) { try readSpawn() }
            case "exec": try readSpawn()
            case "background":
                try reader.advance()
                spawnd.isInBackground = try reader.equalFlag()
            case "pidfile", "pid-file":
                try reader.advance()
                spawnd.pidFile = try reader.equalText("a file").value
            case "overload":
                try reader.advance()
                try reader.skipEqual()
                let place = reader.token.place
                let mode = try reader.choice(SpawndSection.OverloadMode.allCases.map(\.rawValue))
                spawnd.overload = SpawndSection.OverloadMode(rawValue: mode).map {
                    TcprelayValue($0, at: place)
                }
            case "bind":
                spawnd.bindRetryDelay = try readBindRetryDelay()
            case "tcp":
                var keepalive = spawnd.keepalive
                try readTCP(&keepalive)
                spawnd.keepalive = keepalive
            case "single":
                try reader.advance()
                try reader.expect("process")
                spawnd.isSingleProcess = try reader.equalFlag()
            case "sticky": try readSticky()
            default:
                throw TcprelayError(
                    expected: Self.spawndWords + Self.commonWords + ["}"], butGot: reader.token)
            }
        }
    }

    // MARK: Lines that several places have

    private mutating func readBindRetryDelay() throws(TcprelayError) -> Int {
        try reader.expect("bind")
        try reader.expect("retry")
        try reader.expect("delay")
        return min(try reader.equalNumber(in: Self.anyNumber).value, 86_400)
    }

    private mutating func readTCP(_ keepalive: inout TcprelayKeepalive) throws(TcprelayError) {
        let place = reader.token.place
        try reader.expect("tcp")
        switch try reader.choice(["keepalive", "bufsize"]) {
        case "bufsize":
            _ = try reader.equalNumber(in: Self.anyNumber)
            reader.remark(
                .ignored, at: place,
                "tcp bufsize has no effect: no sockets lie between a master and its workers here")
        default:
            let word = try reader.choice(["count", "idle", "interval"])
            var value = try reader.equalNumber(in: Self.anyNumber)
            // Of less the system makes nothing: it stays as the system has it.
            guard value.value > 0 else { return }
            value.value = min(value.value, 32_767)
            switch word {
            case "count": keepalive.count = value
            case "idle": keepalive.idle = value
            default: keepalive.interval = value
            }
        }
    }

    private mutating func readSticky() throws(TcprelayError) {
        let place = reader.token.place
        try reader.expect("sticky")
        try reader.expect("cache")
        let word = try reader.choice(["period", "size"])
        let value = try reader.equalNumber(in: Self.anyNumber)
        guard word == "period", value.value > 0 else { return }
        reader.remark(
            .differs, at: place,
            "sticky cache: it sends a client to the same worker process, and here there is one process; "
                + "for the same remote, translate this file and write balance: sticky")
    }

    /// `permit|deny [not] CIDR`, and `acl accept CIDR`, as one document has it.
    private mutating func readRule() throws(TcprelayError) {
        let place = reader.token.place
        if try reader.consume("acl") {
            guard ["accept", "permit", "deny", "reject"].contains(reader.token.text) else {
                throw TcprelayError(
                    expected: ["accept", "permit", "deny", "reject"], butGot: reader.token)
            }
        }
        let isPermit = ["permit", "accept"].contains(reader.token.text)
        try reader.advance()
        let isNegated = try reader.consume("not")
        let text = try reader.text("a network")
        guard let network = Self.network(text.value) else {
            throw TcprelayError(
                at: text.place,
                "Expected a network, as 10.0.0.0/8, but got '\(text.value.prefix(80))'.")
        }
        spawnd.rules.append(
            SpawndSection.AccessRule(
                isPermit: isPermit, isNegated: isNegated, network: network, place: place))
    }

    /// An address alone is a network of one.
    private static func network(_ text: String) -> String? {
        if Network(text) != nil { return text }
        guard let address = IPAddress(text) else { return nil }
        if case .v4 = address { return "\(address)/32" }
        return "\(address)/128"
    }

    // MARK: spawn

    private static let spawnWords = [
        "exec", "id", "config", "instances", "servers", "users", "userid", "groupid", "working",
        "ipc", "sticky", "}",
    ]

    private mutating func readSpawn() throws(TcprelayError) {
        let place = reader.token.place
        guard reader.token.kind == .word else {
            throw TcprelayError(expected: Self.spawnWords, butGot: reader.token)
        }
        let word = reader.token.text
        switch word {
        case "sticky": try readSticky()
        case "exec", "id", "config":
            try reader.advance()
            _ = try reader.equalText("a word")
            reader.remark(
                .ignored, at: place,
                "\(word): no program is started, the relaying is done by this one")
        case "instances", "servers", "users":
            try reader.advance()
            let bound = try reader.choice(["min", "max", "minimum", "maximum"])
            guard bound.hasPrefix("max") else {
                _ = try reader.equalNumber(in: Self.anyNumber)
                return
            }
            let value = try reader.equalNumber(in: 1...10_000_000)
            if word == "users" { spawnd.usersMax = value } else { spawnd.instancesMax = value }
        case "userid":
            try reader.advance()
            spawnd.user = try reader.equalText("a user")
        case "groupid":
            try reader.advance()
            spawnd.group = try reader.equalText("a group")
        case "working":
            try reader.advance()
            try reader.expect("directory")
            _ = try reader.equalText("a directory")
            reader.remark(
                .ignored, at: place,
                "working directory has no effect: nothing is opened by a short path")
        case "ipc":
            try reader.advance()
            try reader.expect("key")
            _ = try reader.equalText("a key")
            reader.remark(.ignored, at: place, "ipc key has no effect: the file is read once")
        default: throw TcprelayError(expected: Self.spawnWords, butGot: reader.token)
        }
    }

    // MARK: listen

    private static let listenWords = [
        "port", "address", "path", "mode", "userid", "groupid", "protocol", "type", "tls", "ssl",
        "backlog", "overload", "bind", "tcp", "sticky", "realm", "vrf", "dscp", "haproxy", "flag",
        "aaa.protocol", "}",
    ]

    private mutating func readListen(at place: String) throws(TcprelayError) -> TcprelayListen {
        var listen = TcprelayListen(place: place)
        try reader.skipEqual()
        try reader.expect("{")
        while !(try reader.consume("}")) { try readListenLine(&listen) }
        return listen
    }

    private mutating func readListenLine(
        _ listen: inout TcprelayListen
    ) throws(TcprelayError) {
        let place = reader.token.place
        // A bare address, as the published sample has it.
        if reader.token.kind == .quoted || IPAddress(reader.token.text) != nil
            || Self.isZero(reader.token.text)
        {
            listen.address = try reader.text("an address")
            return
        }
        guard reader.token.kind == .word else {
            throw TcprelayError(expected: Self.listenWords, butGot: reader.token)
        }
        let word = reader.token.text
        switch word {
        case "bind":
            listen.bindRetryDelay = try readBindRetryDelay()
            return
        case "tcp": return try readTCP(&listen.keepalive)
        case "sticky": return try readSticky()
        default: break
        }
        guard Self.listenWords.contains(word), word != "}" else {
            throw TcprelayError(expected: Self.listenWords, butGot: reader.token)
        }
        try reader.advance()
        switch word {
        case "port": listen.port = try reader.equalText("a port")
        case "address":
            try reader.skipEqual()
            listen.address = try readAddress()
        case "path": listen.path = try reader.equalText("a path")
        case "mode":
            let text = try reader.equalText("permission bits")
            guard let mode = UInt32(text.value, radix: 8), mode <= 0o777 else {
                throw TcprelayError(
                    at: text.place,
                    "Expected permission bits in octal, but got '\(text.value.prefix(80))'.")
            }
            listen.mode = TcprelayValue(mode, at: text.place)
        case "userid": listen.user = try reader.equalText("a user")
        case "groupid": listen.group = try reader.equalText("a group")
        case "protocol", "type":
            try reader.skipEqual()
            let words = word == "type" ? Self.types : Self.protocols
            let chosen = try reader.choice(words)
            guard !["UDP", "udp", "DGRAM"].contains(chosen) else {
                throw TcprelayError(
                    at: place,
                    "Expected a stream, but got '\(chosen)': datagrams cannot be relayed.")
            }
            if ["SCTP", "sctp", "SEQPACKET"].contains(chosen) { listen.isSCTP = place }
        case "tls", "ssl":
            listen.tls = try readTLS().map { TcprelayValue($0, at: place) }
        case "backlog":
            var backlog = try reader.equalNumber(in: Self.anyNumber)
            backlog.value = max(1, min(backlog.value, 65_535))
            listen.backlog = backlog
        case "overload":
            try reader.expect("backlog")
            _ = try reader.equalNumber(in: Self.anyNumber)
        case "vrf": listen.vrf = try reader.equalText("a name")
        case "dscp": listen.dscp = try reader.equalNumber(in: 0...63)
        case "haproxy":
            if try reader.equalFlag() {
                reader.remark(
                    .ignored, at: place,
                    "haproxy: tcprelay has no use for it, and clients send no such header here")
            }
        case "flag":
            try reader.skipEqual()
            _ = try reader.text("a word")
            reader.remark(.ignored, at: place, "flag is for other programs of the suite")
        default:
            _ = try reader.equalText("a word")
            reader.remark(.ignored, at: place, "\(word) is for other programs of the suite")
        }
    }

    private static let protocols = ["TCP", "tcp", "UDP", "udp", "SCTP", "sctp"]
    private static let types = ["STREAM", "DGRAM", "SEQPACKET"]

    /// `::0` is what the documents write for every IPv6 address.
    private static func isZero(_ text: String) -> Bool { text == "::0" || text == "::" }

    /// An address, whose brackets are words of their own unless they stand in quotes.
    mutating func readAddress() throws(TcprelayError) -> TcprelayValue<String> {
        let place = reader.token.place
        guard try reader.consume("[") else { return try reader.text("an address") }
        let inner = try reader.text("an address").value
        try reader.expect("]")
        var text = "[\(inner)]"
        if reader.token.kind == .word, reader.token.text.hasPrefix(":") {
            text += try reader.text("a port").value
        }
        return TcprelayValue(text, at: place)
    }

    /// `tls`, `tls = yes|no|auto`, `tls = TLSv1.2,TLSv1.3` or `tls psk = …`.
    private mutating func readTLS() throws(TcprelayError) -> TLSVersions? {
        if try reader.consume("psk") {
            throw TcprelayError(
                at: reader.token.place,
                "Expected certificates, but got 'psk', which is not available.")
        }
        guard try reader.consume("=") else { return TLSVersions() }
        let place = reader.token.place
        let word = try reader.text("'yes', 'no', 'auto' or versions").value
        switch word {
        case "no", "deny", "false": return nil
        case "yes", "permit", "true": return TLSVersions()
        case "auto":
            throw TcprelayError(
                at: place, "Expected 'yes' or 'no', but got 'auto': a listener has TLS or has not.")
        default:
            var words = [word]
            while try reader.consume(",") { words.append(try reader.text("a version").value) }
            return try versions(words, at: place)
        }
    }

    private static let oldVersions = ["TLSv1", "TLSv1.0", "TLSv1.1"]

    private mutating func versions(
        _ words: [String], at place: String
    ) throws(TcprelayError) -> TLSVersions {
        let spoken = TLSVersions.Version.allCases
        let known = spoken.filter { words.contains("TLSv\($0.rawValue)") }
        let others = words.filter { word in !spoken.contains { word == "TLSv\($0.rawValue)" } }
        if let other = others.first(where: { !Self.oldVersions.contains($0) }) {
            throw Self.unknown(
                TcprelayValue(other, at: place),
                ["yes", "no"] + Self.oldVersions + spoken.map { "TLSv\($0.rawValue)" })
        }
        guard let least = known.min(), let most = known.max() else {
            throw TcprelayError(
                at: place, "Expected TLSv1.2 or TLSv1.3, but got '\(words.joined(separator: ","))'."
            )
        }
        if !others.isEmpty {
            reader.remark(
                .differs, at: place,
                "tls = \(words.joined(separator: ",")): \(others.joined(separator: " and ")) is broken and not spoken"
            )
        }
        return TLSVersions(least: least, most: most)
    }
}
