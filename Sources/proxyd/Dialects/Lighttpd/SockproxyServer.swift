internal import Shared

/// `sockproxy.server = ( EXT => ( [ LABEL => ] ( KEY => VALUE, … ), … ), … )`: the hosts behind a socket.
struct SockproxyServer: Equatable, Sendable {
    var hosts: [SockproxyHost] = []
}

/// One block of `sockproxy.server`.
struct SockproxyHost: Equatable, Sendable {
    var label: String?
    var endpoint: Endpoint
    /// In seconds.
    var disableTime = 1
    var connectTimeout = 8
    var readTimeout = 0
    var writeTimeout = 0
}

/// Reads `sockproxy.server`, with the original's texts where scripts may look for them.
struct SockproxyServerReader {
    let place: String
    private(set) var remarks: [ForeignRemark] = []

    init(place: String) { self.place = place }

    private mutating func remark(_ kind: ForeignRemark.Kind, _ text: String) {
        remarks.append(ForeignRemark(kind, at: place, text))
    }

    private func mistake(_ problem: String) -> LighttpdError {
        LighttpdError(at: place, problem)
    }

    private static let form = "( \"\" => ( ( \"host\" => \"10.0.0.1\", \"port\" => 22 ) ) )"

    mutating func server(_ value: LighttpdValue) throws(LighttpdError) -> SockproxyServer {
        guard let extensions = value.entries, !extensions.isEmpty else {
            throw mistake("sockproxy.server is \(value.shown); write \(Self.form)")
        }
        var server = SockproxyServer()
        for entry in extensions {
            guard let word = entry.key, let hosts = entry.value.entries else {
                throw mistake(
                    "unexpected value for sockproxy.server: \(entry.value.shown); write \(Self.form)"
                )
            }
            guard word.isEmpty || word == "/" else {
                remark(
                    .suspicious,
                    "\"\(word)\" never matches and is left out; write \"\" in front of the hosts")
                continue
            }
            guard server.hosts.isEmpty else {
                remark(
                    .suspicious,
                    "\"\(word)\" is left out: the hosts in front of it match everything")
                continue
            }
            for host in hosts { server.hosts.append(try self.host(host, of: word)) }
        }
        guard !server.hosts.isEmpty else {
            throw mistake("sockproxy.server has no host; write \(Self.form)")
        }
        return server
    }

    private static let startsPrograms = [
        "bin-path", "min-procs", "max-procs", "max-load-per-proc", "idle-timeout", "kill-signal",
        "bin-environment", "bin-copy-environment", "listen-backlog",
    ]
    private static let meaningless: Set = [
        "mode", "docroot", "broken-scriptfilename", "strip-request-uri", "fix-root-scriptname",
        "allow-x-send-file", "x-sendfile", "x-sendfile-docroot", "upgrade", "check-local",
        "tcp-fin-propagate",
    ]

    private mutating func host(
        _ entry: LighttpdEntry, of word: String
    ) throws(LighttpdError) -> SockproxyHost {
        let shown = "sockproxy.server = ( \"\(word)\" => ( \"\(entry.key ?? "")\" => ( … ) ) )"
        guard let pairs = entry.value.entries else {
            throw mistake("unexpected value for \(shown): \(entry.value.shown); write \(Self.form)")
        }
        var host = SockproxyHost(endpoint: .unix(path: "/"))
        var keys: [String: LighttpdValue] = [:]
        for pair in pairs {
            guard let key = pair.key else {
                throw mistake(
                    "unexpected value in \(shown): \(pair.value.shown); write KEY => VALUE")
            }
            keys[key] = pair.value
        }
        if keys["bin-path"] != nil {
            throw mistake(
                "bin-path: no program is started here; start it yourself, and write host or socket")
        }
        host.disableTime = try seconds(keys, "disable-time") ?? host.disableTime
        host.connectTimeout = try seconds(keys, "connect-timeout") ?? host.connectTimeout
        host.readTimeout = try seconds(keys, "read-timeout") ?? 0
        host.writeTimeout = try seconds(keys, "write-timeout") ?? 0
        host.endpoint = try endpoint(keys, shown)
        if let label = entry.key, !label.isEmpty {
            guard label.utf8.count <= 64, (try? ValueReader.label(label, as: "it")) != nil else {
                throw mistake(
                    "the label “\(label.prefix(40))…” has more than 64 bytes, or control characters"
                )
            }
            host.label = label
        }
        let known: Set = [
            "host", "port", "socket", "disable-time", "connect-timeout", "read-timeout",
            "write-timeout",
        ]
        for key in keys.keys.sorted() where !known.contains(key) {
            if Self.meaningless.contains(key) || Self.startsPrograms.contains(key) {
                remark(.ignored, "“\(key)” has no effect")
            } else {
                let near = NearestWord.nearest(to: key, among: known.sorted())
                remark(
                    .suspicious,
                    "“\(key)” is unknown" + (near.map { "; did you mean “\($0)”?" } ?? ""))
            }
        }
        return host
    }

    private func seconds(
        _ keys: [String: LighttpdValue], _ key: String
    ) throws(LighttpdError) -> Int? {
        guard let value = keys[key] else { return nil }
        guard let number = value.number, (0...31_536_000).contains(number) else {
            throw mistake("“\(key)” is \(value.shown); write seconds, as in \"\(key)\" => 5")
        }
        return number
    }

    private func endpoint(
        _ keys: [String: LighttpdValue], _ shown: String
    ) throws(LighttpdError) -> Endpoint {
        let host = try text(keys, "host")
        if let socket = try text(keys, "socket") {
            guard host == nil, keys["port"] == nil else {
                throw mistake("either host/port or socket have to be set in: \(shown)")
            }
            return try unix(socket)
        }
        guard let host, !host.isEmpty else {
            throw mistake("host or bin-path have to be set in: \(shown)")
        }
        if host.hasPrefix("/") { return try unix(host) }
        var port = 80
        if let value = keys["port"] {
            guard let number = value.number, (1...65_535).contains(number) else {
                throw mistake("“port” is \(value.shown); write a number from 1 to 65535")
            }
            port = number
        }
        let bare =
            host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        if let literal = IPAddress(bare) {
            guard literal != .anyV4, literal != .anyV6 else {
                throw mistake("“host” is \"\(host)\", every address; name one, as 127.0.0.1")
            }
            return .ip(literal, port: UInt16(port))
        }
        guard !host.contains(":"), let endpoint = try? Endpoint("\(host):\(port)") else {
            throw mistake("“host” is \"\(host.prefix(80))\", neither an address nor a name")
        }
        return endpoint
    }

    private func text(
        _ keys: [String: LighttpdValue], _ key: String
    ) throws(LighttpdError) -> String? {
        guard let value = keys[key] else { return nil }
        guard let text = value.text else {
            throw mistake("“\(key)” is \(value.shown); write a text in quotes")
        }
        return text
    }

    private func unix(_ path: String) throws(LighttpdError) -> Endpoint {
        guard case .unix? = try? Endpoint("unix:\(path)") else {
            throw mistake("“\(path.prefix(120))” cannot be a Unix socket's path")
        }
        return .unix(path: path)
    }
}
