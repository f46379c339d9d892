internal import Shared
internal import Yams

/// What a service, group or channel says about probes; nil is inherited.
struct ProbeDraft: Equatable, Sendable {
    var probes: [ProbeConfiguration]?
    var need: ProbeNeed?

    /// This one's words, and where it has none, those of the one above.
    func inheriting(from outer: ProbeDraft) -> ProbeDraft {
        ProbeDraft(probes: probes ?? outer.probes, need: need ?? outer.need)
    }

    var plan: ProbePlan { ProbePlan(probes: probes ?? [], need: need ?? .all) }
}

extension FileReader {
    /// `probe:`, a word, a map or a list of them.
    mutating func probes(_ map: YAMLMap) -> [ProbeConfiguration]? {
        guard let value = map["probe"] else { return nil }
        if value.node.scalar?.string == "none" { return [] }
        guard value.node.sequence != nil else { return probe(value).map { [$0] } }
        let list = yaml.list(value, as: "“probe”") ?? []
        if list.count > Self.mostProbes {
            yaml.diagnostics.add(
                "a channel has more than \(Self.mostProbes) probes", "leave some out",
                at: value.place)
        }
        return list.compactMap { probe($0) }
    }

    private static let mostProbes = 8

    private mutating func probe(_ value: YAMLValue) -> ProbeConfiguration? {
        var probe = ProbeConfiguration()
        guard value.isMap else {
            guard let kind = yaml.text(value, as: "“probe”") else { return nil }
            return check(kind, nil, at: value.place).map {
                (probe.name, probe.check) = (kind, $0)
                return probe
            }
        }
        guard let map = yaml.map(value, .probe) else { return nil }
        pace(&probe, map)
        probe.port = number(map, "port", 1...65_535).map { UInt16($0) }
        probe.address =
            yaml.value(map, "address") { text, _ throws(ValueError) in
                // Without a port of its own it takes the probe's or the channel's.
                try EndpointReader.probe(text)
            }?.value
        guard let kind = yaml.value(map, "kind", { text, _ throws(ValueError) in text }) else {
            if map["kind"] == nil {
                _ = parts(map, kind: nil)
                _ = yaml.value(map, "tls", ValueReader.flag)
                yaml.diagnostics.add(
                    "the probe has no kind", "add kind: connect, or another one", at: map.place)
            }
            return nil
        }
        let usesTLS = yaml.value(map, "tls", ValueReader.flag)
        guard let check = check(kind.value, map, at: kind.place) else { return nil }
        (probe.name, probe.check, probe.usesTLS) = (kind.value, check, usesTLS?.value)
        checkTLS(check, usesTLS)
        return probe
    }

    /// A handshake cannot go without it, and a script connects by itself.
    private mutating func checkTLS(_ check: ProbeCheck, _ usesTLS: Placed<Bool>?) {
        guard let usesTLS else { return }
        switch check {
        case .tls where !usesTLS.value:
            yaml.diagnostics.add(
                "a probe of kind tls cannot do without TLS", "write kind: connect, or remove tls",
                at: usesTLS.place)
        case .script:
            yaml.diagnostics.add(
                "“tls” means nothing to a probe of kind script", "remove it; the script connects",
                at: usesTLS.place)
        default: break
        }
    }

    private mutating func pace(_ probe: inout ProbeConfiguration, _ map: YAMLMap) {
        let day = Duration.seconds(86_400)
        let read = { (text: String, name: String) throws(ValueError) in
            try ValueReader.duration(text, in: .milliseconds(10)...day, as: name)
        }
        probe.interval = yaml.value(map, "interval", read)?.value ?? probe.interval
        probe.timeout = yaml.value(map, "timeout", read)?.value ?? probe.timeout
        let fast = yaml.value(map, "fast-interval", read)
        probe.fastInterval = fast?.value ?? min(probe.fastInterval, probe.interval)
        if let fast, fast.value > probe.interval {
            yaml.diagnostics.add(
                "“fast-interval” is longer than “interval”", "write at most \(Age(probe.interval))",
                at: fast.place)
        }
        probe.rise = number(map, "rise", 1...1000) ?? probe.rise
        probe.fall = number(map, "fall", 1...1000) ?? probe.fall
    }

    // MARK: Kinds

    /// What a kind's own keys say.
    private struct Parts {
        var steps: [ProbeStep]?
        var http = HTTPCheck()
        var command: String?
        var user: String?
    }

    private mutating func check(_ kind: String, _ map: YAMLMap?, at place: Place) -> ProbeCheck? {
        guard let known = ProbeKind(rawValue: kind) else {
            yaml.diagnostics.add(ProbeKind.error(about: kind), at: place)
            return nil
        }
        let count = yaml.diagnostics.count
        let parts = map.map { self.parts($0, kind: known) } ?? Parts()
        guard yaml.diagnostics.count == count else { return nil }
        switch known {
        case .connect: return .connect
        case .tls: return .tls
        case .http: return .http(parts.http)
        case .sendExpect:
            guard let steps = parts.steps else {
                yaml.diagnostics.add(
                    "the probe has no steps", "add steps: [{expect: \"220\"}]", at: place)
                return nil
            }
            return .exchange(steps)
        case .script:
            guard let command = parts.command else {
                yaml.diagnostics.add(
                    "the probe has no script", "add command: /path/of/program", at: place)
                return nil
            }
            return .script(path: command)
        case .redisMaster: return .exchange(ProbeKind.redisMasterSteps)
        case .smtp: return .exchange(ProbeKind.smtpSteps)
        case .mysql: return .mysql(user: parts.user ?? "proxyd")
        case .postgres, .postgresPrimary:
            return .postgres(
                user: parts.user ?? "proxyd", provesPrimary: known == .postgresPrimary)
        }
    }

    /// Reads every key that only some kinds have; those of other kinds are mistakes.
    private mutating func parts(_ map: YAMLMap, kind: ProbeKind?) -> Parts {
        var parts = Parts()
        if let kind {
            for (key, owners) in ProbeKind.owners where !owners.contains(kind) {
                guard let value = map[key] else { continue }
                yaml.diagnostics.add(
                    "“\(key)” means nothing to a probe of kind \(kind.rawValue)",
                    "it belongs to \(owners.map(\.rawValue).joined(separator: ", "))",
                    at: value.place)
            }
        }
        if let value = map["steps"] { parts.steps = steps(value) }
        parts.http = http(map)
        parts.command = yaml.value(map, "command", ValueReader.program)?.value
        parts.user = yaml.value(map, "user", ValueReader.headerWord)?.value
        return parts
    }

    private mutating func steps(_ value: YAMLValue) -> [ProbeStep]? {
        guard let list = yaml.list(value, as: "“steps”") else { return nil }
        guard (1...32).contains(list.count) else {
            yaml.diagnostics.add(
                "“steps” has \(list.count) steps", "write 1 to 32", at: value.place)
            return nil
        }
        return list.compactMap { step($0) }
    }

    private mutating func step(_ value: YAMLValue) -> ProbeStep? {
        guard let map = yaml.map(value, .probeStep) else { return nil }
        let send = yaml.value(map, "send", ValueReader.sentBytes)
        let expect = yaml.value(map, "expect", ValueReader.expectation)
        guard (map["send"] == nil) != (map["expect"] == nil) else {
            yaml.diagnostics.add(
                "a step either sends or expects", "write {send: \"…\"} or {expect: \"…\"}",
                at: map.place)
            return nil
        }
        return send.map { .send($0.value) } ?? expect?.value
    }

    private mutating func status(_ value: YAMLValue) -> [ClosedRange<Int>] {
        guard let text = yaml.text(value, as: "a status") else { return [] }
        do throws(ValueError) {
            return try ValueReader.statuses(text, as: "“status”")
        } catch {
            yaml.diagnostics.add(error, at: value.place)
            return []
        }
    }

    private mutating func http(_ map: YAMLMap) -> HTTPCheck {
        var check = HTTPCheck()
        let method = yaml.value(map, "method") { text, name throws(ValueError) in
            guard let method = HTTPCheck.Method(rawValue: text) else {
                throw ValueError("\(name) is “\(text)”, which is unknown", "write GET or HEAD")
            }
            return method
        }
        check.method = method?.value ?? check.method
        check.path = yaml.value(map, "path", ValueReader.httpPath)?.value ?? check.path
        check.host = yaml.value(map, "host", ValueReader.headerWord)?.value
        if let value = map["status"], value.node.sequence != nil {
            let list = yaml.list(value, as: "“status”") ?? []
            check.status = list.flatMap { status($0) }
        } else {
            check.status = yaml.value(map, "status", ValueReader.statuses)?.value ?? check.status
        }
        let body = yaml.value(map, "body", ValueReader.bodyText)
        check.body = body?.value
        if let body, check.method == .head {
            yaml.diagnostics.add(
                "an answer to HEAD has no body", "leave “body” out, or write method: GET",
                at: body.place)
        }
        return check
    }
}
