internal import Shared

/// Reads a tcprelay configuration file: the section that spawnd looks at, then the one of tcprelay.
struct TcprelayFile {
    /// The name of the section for the listeners.
    var spawnd = "spawnd"
    /// The name of the section for the remotes.
    var relay = "tcprelay"
    var hostEnvironment: HostEnvironment

    /// Each section is looked for by itself: what stands behind it has no effect on it, as in the original,
    /// where two programs read the file.
    func settings(_ text: String, name: String) throws(TcprelayError) -> TcprelaySettings {
        var listening = TcprelayParser(
            try TcprelayReader(text, file: name, in: hostEnvironment))
        try listening.run(to: spawnd, .spawnd)
        var relaying = TcprelayParser(
            try TcprelayReader(text, file: name, in: hostEnvironment))
        try relaying.run(to: relay, .relay)
        var settings = TcprelaySettings(
            spawnd: listening.spawnd, relay: relaying.relay,
            log: relaying.log.inheriting(from: listening.log))
        for remark in listening.reader.remarks + relaying.reader.remarks
        where !settings.remarks.contains(remark) {
            settings.remarks.append(remark)
        }
        return settings
    }
}

/// One reading of the file, for one of its sections.
struct TcprelayParser {
    enum Kind { case spawnd, relay }

    var reader: TcprelayReader
    var spawnd = SpawndSection()
    var relay = RelaySection()
    var log = TcprelayLog()

    init(_ reader: TcprelayReader) { self.reader = reader }

    /// Goes on until the section with this name has been read. Nothing behind it is looked at.
    mutating func run(to name: String, _ kind: Kind) throws(TcprelayError) {
        while true {
            if try common() { continue }
            if try reader.consume("id") {
                try reader.skipEqual()
                let found = try reader.text("a section's name")
                guard reader.isAt("{") else {
                    throw TcprelayError(expected: ["{"], butGot: reader.token)
                }
                guard found.value == name else {
                    try reader.skipBraces()
                    continue
                }
                try reader.expect("{")
                switch kind {
                case .spawnd: try readSpawnd()
                case .relay: try readRelay()
                }
                return
            }
            if try reader.consume("include") {
                try reader.include()
            } else if reader.token.kind == .end {
                throw TcprelayError(
                    at: reader.token.place, "FATAL: No configuration for id '\(name)' found.")
            } else {
                throw TcprelayError(
                    expected: ["id"] + Self.commonWords + ["include"],
                    butGot: reader.token)
            }
        }
    }

    // MARK: What may stand anywhere

    static let commonWords = [
        "setenv", "alias", "syslog", "proctitle", "coredump", "debug", "trace",
    ]

    /// Whether there was a directive that each section takes.
    mutating func common() throws(TcprelayError) -> Bool {
        let place = reader.token.place
        if try reader.consume("syslog") {
            try readSyslog()
        } else if try reader.consume("setenv") {
            try reader.setVariable()
        } else if try reader.consume("alias") {
            try reader.defineAlias()
        } else if try reader.consume("proctitle") {
            _ = try reader.equalText("a title")
            reader.remark(.ignored, at: place, "proctitle: the title of the process stays as it is")
        } else if try reader.consume("coredump") {
            try reader.expect("directory")
            _ = try reader.equalText("a directory")
            reader.remark(
                .ignored, at: place,
                "coredump directory: the system says where cores go, see core(5)")
        } else if reader.isAt("debug") || reader.isAt("trace") {
            let word = reader.token.text
            try reader.advance()
            try reader.skipEqual()
            try skipWords()
            reader.remark(.ignored, at: place, "\(word): use “proxyd ctl debug” while it runs")
        } else {
            return false
        }
        return true
    }

    /// `A | B & C`, as debugging has it.
    private mutating func skipWords() throws(TcprelayError) {
        repeat {
            while try reader.consume("!") {}
            _ = try reader.text("a word")
        } while try reader.consumeJoint()
    }

    private mutating func readSyslog() throws(TcprelayError) {
        let parenthesis = try reader.consume("(")
        let word = try reader.choice(["ident", "facility", "severity", "level", "default"])
        if word == "default" {
            _ = try reader.equalFlag()
            if parenthesis { try reader.expect(")") }
            return
        }
        let value = try reader.equalText("a word")
        switch word {
        case "ident": log.ident = value.value
        case "facility":
            log.facility = SyslogFacility(rawValue: value.value.lowercased())
            if log.facility == nil { reportUnknown(value, "facility") }
        default:
            log.severity = Self.severity(value.value.lowercased())
            if log.severity == nil { reportUnknown(value, "severity") }
        }
        if parenthesis { try reader.expect(")") }
    }

    /// The original takes any word, and makes nothing of those that it does not know.
    private mutating func reportUnknown(_ value: TcprelayValue<String>, _ noun: String) {
        reader.remark(
            .suspicious, at: value.place,
            "syslog \(noun): '\(value.value.prefix(80))' is unknown; it stays as it is")
    }

    /// syslog.h has two names for some.
    private static func severity(_ word: String) -> SyslogSeverity? {
        switch word {
        case "error": .err
        case "warn": .warning
        case "panic", "emergency": .emerg
        case "critical": .crit
        default: SyslogSeverity(rawValue: word)
        }
    }

    static func unknown(_ value: TcprelayValue<String>, _ known: [String]) -> TcprelayError {
        let list = known.map { "'\($0)'" }
        return TcprelayError(
            at: value.place,
            "Expected \(list.dropLast().joined(separator: ", ")) or \(list.last ?? ""), "
                + "but got '\(value.value.prefix(80))'.")
    }
}

extension TcprelayReader {
    fileprivate mutating func consumeJoint() throws(TcprelayError) -> Bool {
        for word in ["|", "&", ","] where isAt(word) {
            try advance()
            return true
        }
        return false
    }
}
