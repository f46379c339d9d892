import Testing

@testable import proxyd

/// Every mistake with its place, what it is and how to mend it.
@Suite("Configuration mistakes")
struct ConfigurationErrorTests {
    private func diagnostics(_ text: String) -> [String] {
        do {
            _ = try ConfigurationFile.parse(text, name: "f")
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    @Test(
        "the file as a whole",
        arguments: [
            ("", ["f:1:1: the file is empty; write at least one service under “services”"]),
            ("# x\n", ["f:1:1: the file is empty; write at least one service under “services”"]),
            ("- a", ["f:1:1: the file is a list, not a map; write it as KEY: VALUE lines"]),
            ("hello", ["f:1:1: the file is a text, not a map; write it as KEY: VALUE lines"]),
            ("workers: 1", ["f:1:1: there is no service; add one under “services”"]),
            ("services: []", ["f:1:11: there is no service; add one under “services”"]),
            (
                "services:",
                [
                    "f:1:1: “services” is empty, not a list; write its elements on lines that begin with “- ”"
                ]
            ),
            (
                "services: [x]",
                ["f:1:12: a service is a text, not a map; write it as KEY: VALUE lines"]
            ),
            (
                "services: [{}]",
                [
                    "f:1:12: the service listens nowhere; add an address under “listen”",
                    "f:1:12: the service has no group of channels; add one under “groups”, or its channels under “channels”",
                ]
            ),
        ])
    func wholes(text: String, expected: [String]) {
        #expect(diagnostics(text) == expected)
    }

    @Test(
        "YAML's own",
        arguments: [
            (
                "a: \"b\n",
                "2:1: not valid YAML: found unexpected end of stream; close the quote that is opened on line 1"
            ),
            (
                "a:\n\tb: 1",
                "2:1: not valid YAML: found character that cannot start any token; indent with spaces, not tabs, and put texts with special characters in quotes"
            ),
            (
                "services:\n- listen: [*:80]",
                "2:13: not valid YAML: did not find expected alphabetic or numeric character; write a text that begins with “*” or “&” in quotes, as in \"*:80\""
            ),
            (
                "services: *x",
                "1:11: not valid YAML: found undefined alias; define it before with &NAME, or put a text that begins with “*” in quotes"
            ),
            (
                "a: [b",
                "2:1: not valid YAML: did not find expected ',' or ']'; check that every [ and { is closed, and put texts that begin with one in quotes"
            ),
            (
                "a: b: c",
                "1:5: not valid YAML: mapping values are not allowed in this context; check the indentation, and put texts with “: ” in quotes"
            ),
            (
                "a: 1\n---\nb: 2",
                "2:1: a second document begins here; remove everything from the “---” on"
            ),
            (
                "ä: 1\nbc: \u{1}",
                "2:5: not valid YAML: control characters are not allowed; remove the character, or write it as an escape"
            ),
            (
                "workers: 1\nservices: []\nworkers: 2",
                "3:1: the key “workers” is there twice; keep one of the two"
            ),
            (
                "services:\n- grace: 1\n  timeouts: {grace: 1}\n  grace: 2",
                "4:3: the key “grace” is there twice; keep one of the two"
            ),
            (
                "{workers: 1, workers: 2}",
                "1:2: the key “workers” is there twice; keep one of the two"
            ),
        ])
    func syntax(text: String, expected: String) {
        #expect(diagnostics(text) == ["f:" + expected])
    }

    /// A line in an otherwise good service, at line 4 and column 3.
    @Test(
        "of a service",
        arguments: [
            ("lissen: 1", "4:3: unknown key “lissen” in a service; did you mean “listen”?"),
            ("idle: 1", "4:3: unknown key “idle” in a service; it belongs in “timeouts”"),
            (
                "colour: red",
                "4:3: unknown key “colour” in a service; the keys here are name, listen, timeouts, tries, grace, grace-max, failures, autodisable, panic, resolve, when-empty, on-remove, max-sessions, per-source, overload, queue, access, source, groups, channels, probe, probes"
            ),
            ("tls: {}", "4:3: unknown key “tls” in a service; it belongs in a listener"),
            ("checks: 3", "4:3: “checks” is not available in this version; remove it"),
            ("[a]: 3", "4:3: a list or a map cannot be a key; write a word"),
            ("<<: 3", "4:7: “<<” merges maps, and this is not a map; write it as <<: *NAME"),
            ("name: []", "4:9: “name” is a list, not a single value; write one word or number"),
            (
                "name:",
                "4:3: “name” is empty, not a single value; write a value, or leave the key out"
            ),
            (
                "name: \"\"",
                "4:9: the name is empty; write 1 to 64 letters, digits, “.”, “_” or “-”"
            ),
            (
                "name: a/b",
                "4:9: the name “a/b” has a character that paths cannot have; use letters, digits, “.”, “_” and “-”"
            ),
            (
                "name: ä",
                "4:9: the name “ä” has a character that paths cannot have; use letters, digits, “.”, “_” and “-”"
            ),
            (
                "name: \(String(repeating: "x", count: 65))",
                "4:9: the name has more than 64 bytes; write 1 to 64 letters, digits, “.”, “_” or “-”"
            ),
            (
                "grace: soon",
                "4:10: “grace”: invalid duration “soon”; write 500ms, 5s, 10m or 2h"
            ),
            (
                "grace: -1",
                "4:10: “grace”: invalid duration “-1”; write 500ms, 5s, 10m or 2h"
            ),
            ("grace: never", "4:10: “grace” cannot be never; write a time of at most 365d"),
            ("grace: 366d", "4:10: “grace” is 366d, which is too long; write at most 365d"),
            ("timeouts: 5s", "4:13: “timeouts” is a text, not a map; write it as KEY: VALUE lines"),
            (
                "timeouts: {connect: 0}",
                "4:23: “connect” is 0, which is too short; write a time above zero"
            ),
            (
                "timeouts: {connect: never}",
                "4:23: “connect” cannot be never; write a time of at most 365d"
            ),
            (
                "timeouts: {idle: 250us}",
                "4:20: “idle” is 250us, which is less than a millisecond; write 1ms or more"
            ),
            (
                "timeouts: {dead-peer: 25d}",
                "4:25: “dead-peer” is 25d, which is too long; write at most 24d00h"
            ),
            ("timeouts: {idel: 5}", "4:14: unknown key “idel” in “timeouts”; did you mean “idle”?"),
            (
                "on-remove: away",
                "4:14: “on-remove” is “away”, which is unknown; write keep, cut or drain 30s"
            ),
            (
                "on-remove: drain",
                "4:14: “on-remove” lets sessions end, but not for how long; write drain 30s"
            ),
            (
                "on-remove: {drain: never}",
                "4:22: “drain” cannot be never; write a time of at most 1d00h"
            ),
            ("on-remove: {}", "4:14: “on-remove” says nothing; write drain: 30s"),
            (
                "when-empty: explode",
                "4:15: “when-empty” is “explode”, which is unknown; write close, reset, refuse or hold 10s"
            ),
            (
                "when-empty: hold",
                "4:15: “when-empty” holds clients, but not how long; write hold 10s"
            ),
            (
                "when-empty: hold 0",
                "4:15: “hold” is 0, which is too short; write a time above zero"
            ),
            (
                "when-empty: {hold: 2d}",
                "4:22: “hold” is 2d, which is too long; write at most 1d00h"
            ),
            ("when-empty: {}", "4:15: “when-empty” says nothing; write hold: 10s"),
            (
                "when-empty: {close: 1}",
                "4:16: unknown key “close” in “when-empty”; the keys here are hold"
            ),
            (
                "groups: []",
                "3:13: the service has “channels” and “groups”; move the channels into a group of their own"
            ),
        ])
    func services(line: String, expected: String) {
        let text = "services:\n- listen: ['*:1']\n  channels: [a:1]\n  \(line)\n"
        #expect(diagnostics(text) == ["f:" + expected])
    }

    /// A listener, at column 13.
    @Test(
        "of a listener",
        arguments: [
            ("80", "“80” names no address; write it as *:80"),
            ("1.2.3.4", "“1.2.3.4” names no port; write it as 1.2.3.4:PORT"),
            ("'::1'", "“::1” names no port; write it as [::1]:PORT"),
            ("'a:65536'", "“65536” is not a port (0 to 65535); write a port from 1 to 65535"),
            (
                "'1.2.3:80'",
                "“1.2.3” is neither an address nor a host name; write it as 10.0.0.1:143, [2001:db8::1]:143, host:143 or unix:/path"
            ),
            (
                "'unix:'",
                "“” cannot be a Unix socket's path (1 to 107 bytes); write it as unix:/run/name.sock"
            ),
            (
                "''",
                "the address is empty; write it as 10.0.0.1:143, [2001:db8::1]:143, host:143 or unix:/path"
            ),
            ("[]", "a listener is a list, not a single value; write one word or number"),
            ("~", "a listener is empty, not a single value; write a value, or leave the key out"),
            ("{name: x}", "a listener needs an address; add “address” or “unix”"),
            (
                "{address: 'a:1', mode: '0600'}",
                "“mode” is for Unix sockets, and a:1 is not one; remove it"
            ),
            (
                "{address: 'a:1', user: root}",
                "“user” is for Unix sockets, and a:1 is not one; remove it"
            ),
        ])
    func listeners(text: String, expected: String) {
        let file = "services:\n- listen: [ \(text) ]\n  channels: [a:1]\n"
        #expect(diagnostics(file) == ["f:2:13: " + expected])
    }

    /// A key of a listener, at column 26.
    @Test(
        "of a listener's keys",
        arguments: [
            (
                "mode: '0999'", 32,
                "“mode”: invalid permission bits “0999”; write them in octal and in quotes, as in \"0660\""
            ),
            (
                "mode: '1777'", 32,
                "“mode”: invalid permission bits “1777”; write them in octal and in quotes, as in \"0660\""
            ),
            (
                "on-bind-failure: retry", 43,
                "“on-bind-failure” tries again, but not how often; write retry 5s"
            ),
            (
                "on-bind-failure: wait", 43,
                "“on-bind-failure” is “wait”, which is unknown; write fail, skip or retry 5s"
            ),
            (
                "backlog: 0", 35,
                "“backlog” is 0, which is out of range; write a whole number from 1 to 65535"
            ),
            (
                "backlog: 1.5", 35,
                "“backlog”: invalid number “1.5”; write a whole number from 1 to 65535"
            ),
            (
                "max-sessions: 0", 40,
                "“max-sessions” is 0, which is out of range; write a whole number from 1 to 10000000"
            ),
            (
                "max-sessions: 99999999999999999999", 40,
                "“max-sessions” is 99999999999999999999, which is out of range; write a whole number from 1 to 10000000"
            ),
            ("address: 'a:1'", 26, "a listener has “address” and “unix”; keep one of the two"),
            ("weight: 1", 26, "unknown key “weight” in a listener; it belongs in a channel"),
        ])
    func listenerKeys(key: String, column: Int, expected: String) {
        // The place of two addresses is that of the socket, which stands first here.
        let place = key.hasPrefix("address") ? 20 : column
        let file = "services:\n- listen: [ {unix: /x, \(key)} ]\n  channels: [a:1]\n"
        let shift = key.hasPrefix("address") ? 0 : -2
        #expect(diagnostics(file) == ["f:2:\(place + shift): " + expected])
    }

    /// Channels, the first at column 15.
    @Test(
        "of channels",
        arguments: [
            ("", 13, "the group is empty; give it a channel"),
            ("143", 15, "“143” names no address; write it as HOST:143"),
            (
                "'a:0'", 15,
                "“a:0” has port 0, which cannot be listened on; write a port from 1 to 65535"
            ),
            (
                "'*:1'", 15,
                "“*:1” stands for every address, and cannot be connected to; name one address, such as 127.0.0.1"
            ),
            (
                "'[::]:1'", 15,
                "“[::]:1” stands for every address, and cannot be connected to; name one address, such as 127.0.0.1"
            ),
            ("{weight: 1}", 15, "a channel needs an address; add “address” or “unix”"),
            (
                "{unix: '', maxc: 1}", 22,
                "“unix” cannot be a Unix socket's path; write 1 to 107 bytes"
            ),
            (
                "{address: 'a:1', weight: 10001}", 40,
                "“weight” is 10001, which is out of range; write a whole number from 0 to 10000"
            ),
            (
                "{address: 'a:1', weight: -1}", 40,
                "“weight”: invalid number “-1”; write a whole number from 0 to 10000"
            ),
            (
                "{address: 'a:1', maxc: 0}", 38,
                "“maxc” is 0, which is out of range; write a whole number from 1 to 10000000"
            ),
            (
                "{address: 'a:1', label: \"\\e[2J\"}", 39,
                "“label” is empty, too long or has control characters; write 1 to 64 bytes of text"
            ),
            (
                "{address: 'a:1', weight: 0}", 13,
                "no channel of the group has a weight above zero, so none would get a session; give one of them a weight of 1 or more"
            ),
            (
                "{unix: /x, name: a}, {unix: /y, name: a}", 53,
                "two of the channels of this group are called “a”; the first is at f:3:32; give one of them another name"
            ),
        ])
    func channels(text: String, column: Int, expected: String) {
        let file = "services:\n- listen: ['*:1']\n  channels: [ \(text) ]\n"
        #expect(diagnostics(file) == ["f:3:\(column): " + expected])
    }

    static let policies =
        "round-robin, least-connections, fewest-connections-total, least-bytes, "
        + "least-time, workload, hash, sticky, maglev, first, random-two-choices, least-latency, "
        + "primary or fair"

    @Test(
        "of groups, at line 3 and column 13",
        arguments: [
            ("x", "3:13: a group is a text, not a map; write it as KEY: VALUE lines"),
            ("{channels: []}", "3:24: the group is empty; give it a channel"),
            (
                "{channels: a:1}",
                "3:24: “channels” is a text, not a list; write its elements on lines that begin with “- ”"
            ),
            (
                "{balance: round-robbin, channels: [a:1]}",
                "3:23: “balance”: invalid policy “round-robbin”; did you mean “round-robin”?"
            ),
            (
                "{balance: best, channels: [a:1]}",
                "3:23: “balance”: invalid policy “best”; write \(policies)"
            ),
            (
                "{name: a, channels: [a:1]}, {name: a, channels: [b:1]}",
                "3:48: two of the groups of this service are called “a”; the first is at f:3:20; give one of them another name"
            ),
        ])
    func groups(text: String, expected: String) {
        let file = "services:\n- listen: ['*:1']\n  groups: [ \(text) ]\n"
        #expect(diagnostics(file) == ["f:" + expected])
    }

    @Test("an address is listened on once in the whole daemon")
    func addresses() {
        let file = """
            services:
            - listen: ["*:80", "[::1]:80"]
              channels: [a:1]
            - listen: ["0.0.0.0:80", "[0:0::1]:80", "127.0.0.1:80"]
              channels: [a:1]
            """
        #expect(
            diagnostics(file) == [
                "f:4:12: 0.0.0.0:80 is listened on twice; it was taken at f:2:12; keep one",
                "f:4:26: [::1]:80 is listened on twice; it was taken at f:2:20; keep one",
            ])
    }

    @Test(
        "of the daemon and its control socket",
        arguments: [
            (
                "workers: 0",
                "1:10: “workers” is 0, which is out of range; write a whole number from 1 to 256, or auto"
            ),
            (
                "workers: many",
                "1:10: “workers”: invalid number “many”; write a whole number from 1 to 256, or auto"
            ),
            (
                "max-sessions: none",
                "1:15: “max-sessions”: invalid number “none”; write a whole number from 1 to 10000000"
            ),
            ("control: [1]", "1:10: “control” is a list, not a map; write it as KEY: VALUE lines"),
            (
                "control: {socket: ''}",
                "1:19: “socket” cannot be a Unix socket's path; write 1 to 107 bytes"
            ),
            (
                "control: {mode: rw}",
                "1:17: “mode”: invalid permission bits “rw”; write them in octal and in quotes, as in \"0660\""
            ),
            (
                "control: {gruop: x}",
                "1:11: unknown key “gruop” in “control”; did you mean “group”?"
            ),
            (
                "control: {environment: ''}",
                "1:24: “environment” is empty, too long or has control characters; write 1 to 64 bytes of text"
            ),
        ])
    func daemon(line: String, expected: String) {
        let file = "\(line)\nservices: [{listen: ['*:1'], channels: [a:1]}]\n"
        #expect(diagnostics(file) == ["f:" + expected])
    }

    @Test("all mistakes are told in the order of the file, at most 20")
    func order() {
        let lines = (0..<30).map { "key\($0): 1" } + ["services: [{listen: [], channels: [a]}]"]
        let expected = (0..<20).map {
            "f:\($0 + 1):1: unknown key “key\($0)” in the file; the keys here are control, metrics, privileges, log, state-file, workers, max-sessions, services"
        }
        #expect(diagnostics(lines.joined(separator: "\n")) == expected)
        #expect(
            diagnostics("services: [{listen: [x], channels: [a]}]\ncolour: 1").map { $0.prefix(6) }
                == ["f:1:22", "f:1:37", "f:2:1:"])
    }

    @Test("an alias' mistake is told once, where it stands")
    func aliased() {
        let file = """
            services:
            - listen: ["*:1"]
              channels: &c [{address: "a:1", weight: x}]
            - listen: ["*:2"]
              channels: *c
            """
        #expect(
            diagnostics(file) == [
                "f:3:42: “weight”: invalid number “x”; write a whole number from 0 to 10000"
            ])
    }
}
