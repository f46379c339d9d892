internal import Shared

extension FileReader {
    mutating func log(_ value: YAMLValue) -> LogConfiguration {
        var log = LogConfiguration()
        guard let map = yaml.map(value, .log) else { return log }
        if let access = map["access"] { log.access = accessLog(access) }
        if map["format"] != nil {
            let format = yaml.value(map, "format", LogWords.format)
            if map["access"]?.isMap != false {
                yaml.diagnostics.add(
                    "“format” stands beside “access: TARGET” only",
                    map["access"] == nil
                        ? "add “access”, as in access: /var/log/proxyd/access.log"
                        : "write it in “access”", at: map["format"]?.place ?? value.place)
            } else if let format {
                log.access?.format = format.value
            }
        }
        if let error = map["error"] { log.error = errorLog(error) }
        return log
    }

    /// A target, or a map.
    private mutating func accessLog(_ value: YAMLValue) -> AccessLogConfiguration? {
        guard value.isMap else { return target(value).map { AccessLogConfiguration(target: $0) } }
        guard let map = yaml.map(value, .accessLog) else { return nil }
        let format = yaml.value(map, "format", LogWords.format)?.value
        let every = duration(map, "every", upTo: ValueReader.year)
        var events: [String]?
        if let value = map["events"] { events = self.events(value) }
        guard let target = target(map) else { return nil }
        var access = AccessLogConfiguration(target: target)
        access.format = format ?? access.format
        if let every, every < .seconds(1) {
            yaml.diagnostics.add(
                "“every” is too short", "write 1s or more", at: map["every"]?.place ?? value.place)
        }
        access.every = every
        if let events {
            access.tellsStart = events.contains("start")
            access.tellsEnd = events.contains("end")
        }
        if access.format == .httpd, access.tellsStart || every != nil || !access.tellsEnd {
            yaml.diagnostics.add(
                "“httpd” is a line per session, at its end",
                "leave “events” and “every” out, or write format: extended", at: value.place)
        }
        return access
    }

    private mutating func events(_ value: YAMLValue) -> [String] {
        guard let values = yaml.list(value, as: "“events”") else { return ["end"] }
        if values.isEmpty {
            yaml.diagnostics.add(
                "“events” is empty", "write [end], or remove “access”", at: value.place)
        }
        return values.compactMap { value in
            guard let text = yaml.text(value, as: "an event") else { return nil }
            do throws(ValueError) {
                return try LogWords.word(text, of: ["start", "end"], as: "an event")
            } catch {
                yaml.diagnostics.add(error, at: value.place)
                return nil
            }
        }
    }

    private mutating func errorLog(_ value: YAMLValue) -> ErrorLogConfiguration {
        var log = ErrorLogConfiguration()
        guard value.isMap else {
            log.target = target(value) ?? log.target
            return log
        }
        guard let map = yaml.map(value, .errorLog) else { return log }
        log.level = yaml.value(map, "level", LogWords.level)?.value ?? log.level
        if let target = target(map, default: log.target) { log.target = target }
        return log
    }

    // MARK: Targets

    private mutating func target(_ value: YAMLValue) -> LogTarget? {
        guard let text = yaml.text(value, as: "a log") else { return nil }
        do throws(ValueError) {
            return try LogWords.target(text, as: "the log")
        } catch {
            yaml.diagnostics.add(error, at: value.place)
            return nil
        }
    }

    /// `target` and what belongs to it; with a default it may be left out.
    private mutating func target(
        _ map: YAMLMap, default standard: LogTarget? = nil
    ) -> LogTarget? {
        let socket = yaml.value(map, "socket", ValueReader.path)?.value
        let ident = yaml.value(map, "ident", LogWords.ident)?.value
        let facility = yaml.value(map, "facility", LogWords.facility)?.value
        let severity = yaml.value(map, "severity", LogWords.severity)?.value
        guard map["target"] != nil || standard != nil else {
            yaml.diagnostics.add(
                "\(map.keys.noun) has no target",
                "add “target”, as in target: /var/log/proxyd/access.log", at: map.place)
            return nil
        }
        guard
            var target = yaml.value(map, "target", LogWords.target)?.value
                ?? (map["target"] == nil ? standard : nil)
        else { return nil }
        if !target.isSyslogOrJournald {
            let keys = ["socket", "ident", "facility", "severity"]
            if let key = keys.first(where: { map[$0] != nil }) {
                yaml.diagnostics.add(
                    "“\(key)” is for syslog and journald, and the target is \(target.word)",
                    "remove it", at: map[key]?.place ?? map.place)
            }
        }
        target.socket = socket
        target.ident = ident ?? target.ident
        target.facility = facility ?? target.facility
        target.severity = severity
        return target
    }
}

/// The words that stand in `log:`.
enum LogWords {
    static func target(_ text: String, as name: String) throws(ValueError) -> LogTarget {
        switch text {
        case "stdout": return LogTarget(.standardOutput)
        case "stderr": return LogTarget(.standardError)
        case "syslog": return LogTarget(.syslog)
        case "journald": return LogTarget(.journald)
        default: break
        }
        guard text.contains("/"), !text.utf8.contains(0), text.utf8.count <= 4095 else {
            throw ValueError(
                invalid: "target", text, name,
                "write stdout, stderr, syslog, journald, or a path such as "
                    + "/var/log/proxyd/access.log")
        }
        return LogTarget(.file(text))
    }

    static func format(_ text: String, as name: String) throws(ValueError) -> AccessFormat {
        let words = AccessFormat.allCases.map(\.rawValue)
        return AccessFormat(rawValue: try word(text, of: words, as: name)) ?? .httpd
    }

    static func level(
        _ text: String, as name: String
    ) throws(ValueError) -> EventSnapshot.Severity {
        let words = EventSnapshot.Severity.allCases.map(\.rawValue)
        return EventSnapshot.Severity(rawValue: try word(text, of: words, as: name)) ?? .info
    }

    /// In small or capital letters, as tcprelay takes it.
    static func facility(_ text: String, as name: String) throws(ValueError) -> SyslogFacility {
        let words = SyslogFacility.allCases.map(\.rawValue)
        return SyslogFacility(rawValue: try word(text.lowercased(), of: words, as: name)) ?? .daemon
    }

    static func severity(_ text: String, as name: String) throws(ValueError) -> SyslogSeverity {
        let word = text.lowercased()
        // What syslog.conf(5) takes as well.
        let own = ["error": "err", "warn": "warning", "panic": "emerg"][word] ?? word
        let words = SyslogSeverity.allCases.map(\.rawValue)
        return SyslogSeverity(rawValue: try self.word(own, of: words, as: name)) ?? .info
    }

    /// What syslog shows in front of a line: a blank, a colon or a bracket would end it.
    static func ident(_ text: String, as name: String) throws(ValueError) -> String {
        let isGood = text.utf8.allSatisfy {
            (0x21...0x7E).contains($0) && $0 != 0x3A && $0 != 0x5B && $0 != 0x5D
        }
        guard isGood, (1...48).contains(text.utf8.count) else {
            throw ValueError(
                "\(name) is “\(text)”, which syslog cannot take as a name",
                "write 1 to 48 letters and digits")
        }
        return text
    }

    fileprivate static func word(
        _ text: String, of words: [String], as name: String
    ) throws(ValueError) -> String {
        if words.contains(text) { return text }
        throw ValueError(
            "\(name) is “\(text)”, which is unknown",
            NearestWord.nearest(to: text, among: words).map { "did you mean “\($0)”?" }
                ?? "write \(ValueReader.choice(words))")
    }
}
