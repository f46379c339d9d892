import Shared
import Testing

@testable import proxyd

/// From `probe:` in the file to what a channel is probed with.
@Suite("probes in the file")
struct ProbeReaderTests {
    /// The plans of the channels of one service, in order.
    private func plans(_ service: String) throws -> [ProbePlan] {
        let text = "services:\n- listen: [\"127.0.0.1:1\"]\n" + service
        let configuration = try ConfigurationFile.parse(text, name: "f")
        return configuration.services[0].groups.flatMap(\.channels).map(\.probes)
    }

    private func probe(_ text: String) throws -> ProbeConfiguration {
        let plan = try #require(
            try plans("  probe: \(text)\n  channels: [\"127.0.0.1:2\"]\n").first)
        return try #require(plan.probes.first)
    }

    static let good: [(String, ProbeConfiguration)] = [
        ("connect", ProbeConfiguration()),
        (
            "{kind: connect, interval: 10s, timeout: 500ms, rise: 1, fall: 5, port: 81}",
            ProbeConfiguration(
                interval: .seconds(10), timeout: .milliseconds(500), rise: 1, fall: 5, port: 81)
        ),
        (
            "{kind: connect, interval: 200ms}",
            ProbeConfiguration(interval: .milliseconds(200), fastInterval: .milliseconds(200))
        ),
        (
            "{kind: connect, address: 127.0.0.9}",
            ProbeConfiguration(address: .ip(.v4(0x7F00_0009), port: 0))
        ),
        (
            "redis-master",
            ProbeConfiguration(
                name: "redis-master", check: .exchange(ProbeKind.redisMasterSteps))
        ),
        (
            "postgres-primary",
            ProbeConfiguration(
                name: "postgres-primary", check: .postgres(user: "proxyd", provesPrimary: true))
        ),
        (
            "{kind: mysql, user: check}",
            ProbeConfiguration(
                name: "mysql", check: .mysql(user: "check"))
        ),
        (
            "{kind: script, command: /bin/true}",
            ProbeConfiguration(
                name: "script", check: .script(path: "/bin/true"))
        ),
        (
            "{kind: send-expect, steps: [{send: \"PING\\r\\n\"}, {expect: '+PONG\\r\\n'}]}",
            ProbeConfiguration(
                name: "send-expect",
                check: .exchange([
                    .send(Secret(Array("PING\r\n".utf8))), .text(Array("+PONG\r\n".utf8)),
                ]))
        ),
        (
            "{kind: send-expect, steps: [{send: 'a\\x00\\\\'}, {expect: 'hex:0d 0A'}, "
                + "{expect: 'regex:^220 .*x'}]}",
            ProbeConfiguration(
                name: "send-expect",
                check: .exchange([
                    .send(Secret([0x61, 0, 0x5C])), .bytes([0x0D, 0x0A]), .regex("^220 .*x"),
                ]))
        ),
        ("http", ProbeConfiguration(name: "http", check: .http(HTTPCheck()))),
        (
            "{kind: http, method: HEAD, path: /up, host: www, status: [200, 301-302]}",
            ProbeConfiguration(
                name: "http",
                check: .http(
                    HTTPCheck(
                        method: .head, path: "/up", host: "www", status: [200...200, 301...302])))
        ),
        ("tls", ProbeConfiguration(name: "tls", check: .tls)),
        ("{kind: tls, tls: yes}", ProbeConfiguration(name: "tls", check: .tls, usesTLS: true)),
        (
            "{kind: smtp, tls: no}",
            ProbeConfiguration(name: "smtp", check: .exchange(ProbeKind.smtpSteps), usesTLS: false)
        ),
        (
            "{kind: http, status: '200,404', body: well}",
            ProbeConfiguration(
                name: "http",
                check: .http(HTTPCheck(status: [200...200, 404...404], body: "well")))
        ),
    ]

    @Test("every kind is read", arguments: good)
    func kinds(text: String, expected: ProbeConfiguration) throws {
        #expect(try probe(text) == expected)
    }

    @Test("probes are inherited downwards, and switched off by none")
    func inherited() throws {
        let plans = try plans(
            """
              probe: connect
              probes: any
              groups:
              - channels: ["127.0.0.1:2", {address: "127.0.0.1:3", probe: http, probes: all}]
              - probe: [smtp, connect]
                channels: ["127.0.0.1:4", {address: "127.0.0.1:5", probe: none}]
            """)
        let names = plans.map { $0.probes.map(\.name) }
        #expect(names == [["connect"], ["http"], ["smtp", "connect"], []])
        #expect(plans.map(\.need) == [.any, .all, .any, .any])
    }

    static let diagnostics: [(String, String)] = [
        ("conect", "10: unknown kind of probe “conect”; did you mean “connect”?"),
        (
            "{kind: tls, tls: no}",
            "27: a probe of kind tls cannot do without TLS; write kind: connect, or remove tls"
        ),
        (
            "{kind: script, command: /x, tls: yes}",
            "43: “tls” means nothing to a probe of kind script; remove it; the script connects"
        ),
        (
            "{kind: http, tls: maybe}",
            "28: “tls” is “maybe”, which says neither; write true or false"
        ),
        ("{interval: 5s}", "10: the probe has no kind; add kind: connect, or another one"),
        (
            "{kind: send-expect}",
            "17: the probe has no steps; add steps: [{expect: \"220\"}]"
        ),
        ("{kind: script}", "17: the probe has no script; add command: /path/of/program"),
        (
            "{kind: script, command: true}",
            "34: “command”: invalid path “true”; begin it with “/”; it has no arguments"
        ),
        (
            "{kind: connect, path: /x}",
            "32: “path” means nothing to a probe of kind connect; it belongs to http"
        ),
        (
            "{kind: connect, rise: 0}",
            "32: “rise” is 0, which is out of range; write a whole number from 1 to 1000"
        ),
        (
            "{kind: connect, fast-interval: 9s}",
            "41: “fast-interval” is longer than “interval”; write at most 5.0s"
        ),
        (
            "{kind: http, status: 99}",
            "31: “status”: invalid HTTP status “99”; write 200, 200-399 or 200,301-302"
        ),
        (
            "{kind: http, path: x}",
            "29: “path”: invalid path “x”; begin it with “/”, and write spaces as %20"
        ),
        (
            "{kind: http, method: HEAD, body: x}",
            "43: an answer to HEAD has no body; leave “body” out, or write method: GET"
        ),
        (
            "{kind: send-expect, steps: [{expect: 'hex:abc'}]}",
            "47: “expect”: invalid hexadecimal digits “hex:abc”; write it as in hex:0d0a"
        ),
        (
            "{kind: send-expect, steps: [{expect: '\\q'}]}",
            "47: “expect” has an escape that is unknown; use \\r, \\n, \\t, \\0, \\\\ or \\xHH"
        ),
        (
            "{kind: send-expect, steps: [{expect: 'regex:('}]}",
            "47: invalid regular expression “(”: “(” is not closed; write “\\(” for the character"
        ),
        (
            "{kind: send-expect, steps: [{expect: 'regex:(?=a)'}]}",
            "47: invalid regular expression “(?=a)”: a group begins with “(?”, which is not supported; use “(?:…)”, or “(?i)” at the start of the pattern; nothing looks ahead or behind"
        ),
        (
            "{kind: send-expect, steps: [{send: a, expect: b}]}",
            "38: a step either sends or expects; write {send: \"…\"} or {expect: \"…\"}"
        ),
        ("{kind: send-expect, steps: []}", "37: “steps” has 0 steps; write 1 to 32"),
    ]

    @Test("mistakes are told with their place and how to mend them", arguments: diagnostics)
    func mistake(text: String, expected: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try probe(text) }
        #expect(error?.errors.map(\.description) == ["f:3:" + expected])
    }
}
