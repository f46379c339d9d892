import Shared
import Testing

@testable import proxyd

@Suite("tcprelay's file")
struct TcprelayFileTests {
    private static func file(
        _ spawnd: String, _ relay: String = "remote = { address = 127.0.0.1 port = 9 }"
    )
        -> String
    {
        "id = spawnd { \(spawnd) }\nid = tcprelay { \(relay) }\n"
    }

    private static func call(_ arguments: [String] = ["f"]) -> DialectCall {
        DialectCall(.tcprelay, arguments)
    }

    private static func plan(_ text: String, _ more: [String: String] = [:]) throws -> DialectPlan {
        try call().plan(in: .with(["f": text].merging(more) { $1 }))
    }

    private static func service(_ text: String) throws -> ServiceConfiguration {
        try #require(try plan(text).configuration.services.first)
    }

    // MARK: Words

    @Test(
        "words, quotes and comments",
        arguments: [
            ("a=b{c}", "a|=|b|{|c|}"), ("a # b\nc", "a|c"), ("\"a b\" 'c'", "a b|c"),
            ("\"\\x41\\102\\n\\\"\\q\"", "AB\n\"q"), ("'${HOME}/x' ${HOME}", "/root/x|$|{|HOME|}"),
            ("[::1]:80", "[|::1|]|:80"), ("a,b!c&d|e(f)", "a|,|b|!|c|&|d|||e|(|f|)"), ("", ""),
            ("'${NONE}'", ""), ("\"a\nb\" c", "a\nb|c"),
        ])
    func words(text: String, expected: String) throws {
        var lexer = TcprelayLexer(text, file: "f")
        var words: [String] = []
        while true {
            let token = try lexer.next { $0 == "HOME" ? "/root" : nil }
            guard token.kind != .end else { break }
            words.append(token.text)
        }
        #expect(words.joined(separator: "|") == expected)
    }

    @Test(
        "numbers: k, m and g are powers of 1024",
        arguments: [
            ("10", 10), ("0x1F", 31), ("10m", 10_485_760), ("1k", 1024), ("2G", 2 << 30),
            ("", nil), ("k", nil), ("-1", -1), ("-", nil), ("1kk", nil), ("0x", nil), ("1.5", nil),
            ("9223372036854775807", Int.max), ("9223372036854775807k", nil),
        ] as [(String, Int?)])
    func numbers(text: String, expected: Int?) {
        #expect(TcprelayNumber(text)?.value == expected)
    }

    // MARK: Meaning

    @Test(
        "TLS on listeners, with the one certificate",
        arguments: [
            ("tls = yes", TLSVersions()), ("tls", TLSVersions()), ("ssl = permit", TLSVersions()),
            ("tls = TLSv1.3", TLSVersions(least: .v13, most: .v13)),
            ("tls = TLSv1.1,TLSv1.2", TLSVersions(least: .v12, most: .v12)),
            ("tls = TLSv1.2, TLSv1.3", TLSVersions()), ("tls = no", nil), ("", nil),
        ] as [(String, TLSVersions?)])
    func tls(words: String, versions: TLSVersions?) throws {
        let relay =
            "tls cert-file = c.pem ssl keyfile = /k.pem tls passphrase = \"gehe im\" remote = { address = ::1 port = 9 }"
        let plan = try Self.plan(
            Self.file("listen { \(words) port = 1 address = 127.0.0.1 } listen { port = 2 }", relay)
        )
        let listeners = plan.configuration.services[0].listeners
        var expected: TLSListenerConfiguration?
        if let versions {
            let certificate = CertificateConfiguration(
                certificate: "/here/c.pem", key: "/k.pem", passphrase: .text(Secret("gehe im")))
            expected = TLSListenerConfiguration(certificates: [certificate], versions: versions)
        }
        #expect(listeners[0].tls == expected)
        #expect(listeners[1].tls == nil)
        #expect(
            plan.notes.contains { $0.text == "c.pem is not used: no listener has “tls = yes”" }
                == (versions == nil))
        #expect(!plan.notes.contains { $0.text.contains("gehe") })
        #expect(
            plan.notes.contains { $0.text.contains("TLSv1.1 is broken and not spoken") }
                == words.contains("1.1"))
        let call = Self.call()
        #expect(
            try call.translationIsSame(
                in: .with(["f": Self.file("listen { \(words) port = 1 }", relay)])))
    }

    @Test(
        "TLS that cannot be had is a mistake, at its line",
        arguments: [
            ("tls = yes", "Expected 'tls cert-file' in the section of tcprelay, but got none"),
            ("tls = auto", "Expected 'yes' or 'no', but got 'auto'"),
            ("tls = TLSv1.1", "Expected TLSv1.2 or TLSv1.3, but got 'TLSv1.1'"),
            ("tls = SSLv3", "but got 'SSLv3'"), ("tls psk = x", "Expected certificates"),
        ])
    func tlsMistakes(words: String, expected: String) throws {
        let refusal = Self.call().refusal(
            in: .with(["f": Self.file("\nlisten { port = 2 \(words) }")]))
        #expect(refusal?.text.contains(expected) == true, "\(refusal?.text ?? "")")
        #expect(refusal?.text.contains("f:2: ") == true, "\(refusal?.text ?? "")")
        #expect(refusal?.status == 78)
    }

    @Test("the published sample loads as far as it has no TLS, and its clash is told")
    func sample() throws {
        let plan = try Self.plan(
            Self.file(
                """
                listen = { port = 2222 } listen = { address = ::0 port = 2222 }
                listen = { ::0 port = 2224 }
                spawn { users max = 4000 users min = 10 servers min = 1 servers max = 20 }
                """))
        let service = try #require(plan.configuration.services.first)
        #expect(
            service.listeners.map { "\($0.endpoint)" }
                == ["0.0.0.0:2222", "[::]:2222", "[::]:2224", "0.0.0.0:2224"])
        #expect(service.limits.maxSessions == 80_000)
        #expect(plan.notes.contains { $0.text.contains("is listened on already") })
    }

    @Test(
        "every spelling, documented or not",
        arguments: [
            ("retire = 5", ""), ("retire limit = 5", ""),
            ("", "spawn = { exec /usr/lib/tcprelay }"),
            ("", "spawn { exec = /usr/lib/tcprelay id = x config = y }"),
            ("", "listen { port 21 }"), ("", "spawn { users minimum = 1 users maximum = 10 }"),
            ("", "spawn { instances minimum = 1 instances maximum = 10 }"),
            ("", "spawn { servers min = 1 servers max = 2 }"),
            ("", "listen = { 127.0.0.9 port = 1 }"),
            ("", "pid-file = /p pidfile = /p background = true single process = deny"),
            ("", "sticky cache period = 60 sticky cache size = 10 tcp bufsize 10 overload = close"),
            ("syslog ( ident = a ) syslog level = warning syslog facility LOCAL1", ""),
            ("debug = PARSE | NET trace = 1", "proctitle = x coredump directory = /tmp"),
            ("", "listen = { port = imap realm = a flag = b aaa.protocol = c haproxy = no }"),
            ("", "listen { path = /s mode = 600 backlog = 5 overload backlog = 3 type = STREAM }"),
            ("", "spawn { working directory = / ipc key = 5 sticky cache period = 5 }"),
        ])
    func spellings(relay: String, spawnd: String) throws {
        let text = Self.file(
            spawnd + " listen = { port = 2 }", relay + " remote = { address = 127.0.0.1 port = 9 }")
        _ = try Self.plan(text)
    }

    @Test(
        "places of remotes",
        arguments: [
            ("address = 10.0.0.1 port = 22", "10.0.0.1:22"),
            ("address = 10.0.0.1:23 port = 22", "10.0.0.1:23"),
            ("address = \"[::1]:24\"", "[::1]:24"), ("address = [::1]:24", "[::1]:24"),
            ("address = ::1 port = imap", "[::1]:143"),
            ("address = inet:10.0.0.1 port = 1", "10.0.0.1:1"),
            ("address = inet6:::1 port = 1", "[::1]:1"), ("address = /run/x", "unix:/run/x"),
            ("address = unix:/run/x", "unix:/run/x"),
        ])
    func remotes(text: String, expected: String) throws {
        let service = try Self.service(Self.file("listen { port = 1 }", "remote = { \(text) }"))
        #expect(service.groups[0].channels.map { "\($0.endpoint)" } == [expected])
    }

    @Test("limits, times and logs")
    func values() throws {
        let plan = try Self.plan(
            Self.file(
                """
                listen { address = 127.0.0.1 port = 1 bind retry delay = 7 } bind retry delay = 3
                listen { address = 127.0.0.1 port = 2 } overload = reset spawn { instances max = 2 }
                syslog ident = me pidfile = /p background = yes
                """,
                """
                rebalance = 5 idle timeout = 2 syslog facility = mail syslog severity = ERR
                remote = { address = 127.0.0.1 port = 9 weight = 0 }
                """))
        let service = try #require(plan.configuration.services.first)
        #expect(
            service.listeners.map(\.onBindFailure) == [.retry(.seconds(7)), .retry(.seconds(3))])
        #expect(service.limits.maxSessions == 120)
        #expect(service.limits.overload == .refuse)
        #expect(service.timeouts.idle == .seconds(2))
        #expect(service.timeouts.halfClosed == .seconds(4))
        #expect(service.groups[0].rebalance == 5)
        #expect(service.groups[0].channels[0].weight == 1)
        let target = plan.configuration.log.error.target
        #expect(target.place == .syslog)
        #expect(target.ident == "me")
        #expect(target.facility == .mail)
        #expect(target.severity == .err)
        #expect(plan.options.pidFile == "/p")
        #expect(plan.options.isInBackground)
        #expect(plan.options.drain == nil)
    }

    @Test("options win over the file")
    func options() throws {
        let text = Self.file("listen { port = 1 } pidfile = /p background = yes")
        let plan = try Self.call(["-f", "-p", "/q", "-d", "1", "f"]).plan(in: .with(["f": text]))
        #expect(!plan.options.isInBackground)
        #expect(plan.options.pidFile == "/q")
        #expect(plan.options.isDebugging)
        #expect(plan.configuration.log.error.target.place == .standardError)
    }

    @Test(
        "the first section of a name counts, others are passed over, files and aliases stand for themselves"
    )
    func structure() throws {
        let text = """
            setenv PORT = 17
            alias common { syslog ident = x }
            id = other { any { thing = } }
            include = $CONFDIR/more.*
            id two { listen { port = 3 } }
            id = tcprelay { common remote = { address = 127.0.0.1 port = "${PORT}" } }
            id = tcprelay { nonsense
            """
        let files = ["/etc/t/f": text, "/etc/t/more.a": "id = spawnd { listen { port = 2 } }"]
        let call = Self.call(["/etc/t/f"])
        let plan = try call.plan(in: .with(files))
        #expect(plan.configuration.services[0].listeners[0].endpoint == .ip(.anyV4, port: 2))
        #expect(
            "\(plan.configuration.services[0].groups[0].channels[0].endpoint)" == "127.0.0.1:17")
        #expect(plan.configuration.log.error.target.ident == "x")
        let second = try Self.call(["/etc/t/f", "two"]).plan(in: .with(files))
        #expect(second.configuration.services[0].listeners[0].endpoint == .ip(.anyV4, port: 3))
        let option = try Self.call(["-I", "two", "/etc/t/f", "spawnd"]).plan(in: .with(files))
        #expect(
            option.configuration == second.configuration
                || option.configuration.services == second.configuration.services)
    }

    // MARK: Mistakes

    @Test(
        "mistakes: where, what, and how it ends",
        arguments: [
            ("", 78, "FATAL: No configuration for id 'spawnd' found."),
            (
                "id = spawnd { listen { port = 1 } }", 78,
                "FATAL: No configuration for id 'tcprelay' found."
            ),
            ("id = spawnd {\nlistne = { } }", 78, "f:2: Expected 'listen', "),
            (
                "id = spawnd {\n listen = { port = nowhere }\n}\nid = tcprelay { remote = { address = 1.1.1.1 port = 1 } }",
                78, "f:2: Expected a port, or the name of a service, but got 'nowhere'."
            ),
            (
                "id = spawnd { listen = { address = 1.2.3.4 } }\nid = tcprelay { remote = { address = 1.1.1.1 port = 1 } }",
                78, "f:1: Expected 'port' or 'path' in this listen, but got none."
            ),
            (
                "id = spawnd { listen = { port = 1 } }\nid = tcprelay {\n remote = { port = 1 } }",
                78,
                "f:3: Expected 'address' in this remote, but got none."
            ),
            (
                "id = spawnd { listen = { port = 1 } }\nid = tcprelay {\n remote = { address = 1.1.1.1 } }",
                78,
                "f:3: Expected 'port' in this remote, but got none."
            ),
            (
                "id = spawnd { listen = { port = 1 } }\nid = tcprelay { remote = { address = host port = 1 } }",
                78,
                "f:2: Expected an IP address, but got 'host'."
            ),
            (
                "id = spawnd { listen = { port = 1 protocol = SCTP } }\nid = tcprelay { remote = { address = 1.1.1.1 port = 1 } }",
                78, "but got 'SCTP'"
            ),
            (
                "id = spawnd { listen = { port = 1\n protocol = UDP } }", 78,
                "f:2: Expected a stream, but got 'UDP'"
            ),
            (
                "id = spawnd { }\nid = tcprelay { remote = { address = 1.1.1.1 port = 1 } }", 71,
                "FATAL: No listeners defined."
            ),
            (
                "id = spawnd { listen { port = 1 } }\nid = tcprelay { }", 64,
                "No remote services defined! Exiting."
            ),
            ("id = spawnd { permit 300.1.1.1 }", 78, "Expected a network"),
            ("id = spawnd { pidfile = 'abc", 78, "f:1: Expected the quote"),
            ("id = spawnd { listen { port = 1 ", 78, "but got 'end of file'."),
            ("alias a { a }", 78, "in itself"), ("alias a { b } alias b { a } a", 78, "aliases"),
            ("include = /none", 66, "/none: No such file"), ("blub", 78, "Expected 'id', 'setenv'"),
            ("id = x { {", 78, "Expected '}'"),
            (
                "id = spawnd { listen { path = /s userid = nobody-here } }\nid = tcprelay { remote = { address = 1.1.1.1 port = 1 } }",
                78, "no user"
            ),
        ])
    func mistakes(text: String, status: Int32, words: String) throws {
        let refusal = try #require(Self.call().refusal(in: .with(["f": text])))
        #expect(refusal.status == status, "\(refusal.text)")
        #expect(refusal.text.contains(words), "\(refusal.text)")
    }

    @Test(
        "what the original takes without a word",
        arguments: [
            "syslog facility = NOPE", "syslog severity = nope", "syslog facility = LoCaL7",
            "syslog default = yes", "setenv A = b", "alias x { y }",
            "bind retry delay = -1", "tcp keepalive count = 0", "tcp bufsize = -1",
            "listen { port = 0 backlog = 0 overload backlog = -1 }",
            "spawn { users min = 0 instances min = -1 }",
        ])
    func lenient(text: String) throws {
        _ = try Self.call().plan(
            in: .with(["f": Self.file("listen { port = 1 } \(text)")]))
    }

    @Test("numbers below 0 are taken for what they come to")
    func negative() throws {
        let plan = try Self.call().plan(
            in: .with([
                "f": Self.file(
                    "listen { port = 1 }",
                    "remote = { address = 1.1.1.1 port = 1 weight = -1 } rebalance = -5 idle timeout = -1 retire limit = -1"
                )
            ]))
        let service = plan.configuration.services[0]
        #expect(service.groups[0].channels[0].weight == 1)
        #expect(service.groups[0].rebalance == nil)
        #expect(service.timeouts.idle == nil)
    }

    @Test(
        "every IPv6 address is every IPv4 address, too",
        arguments: ["::", "::0", "\"[::]\"", "[::]"])
    func bothFamilies(text: String) throws {
        let plan = try Self.call().plan(
            in: .with(["f": Self.file("listen { address = \(text) port = 7 }")]))
        #expect(
            plan.configuration.services[0].listeners.map { "\($0.endpoint)" }
                == ["[::]:7", "0.0.0.0:7"])
    }

    @Test("a missing section is told with its place")
    func missingSection() {
        let refusal = Self.call().refusal(in: .with(["f": "id = other { }\n"]))
        #expect(refusal?.text.hasPrefix("f:2: FATAL: No configuration for id 'spawnd'") == true)
    }

    @Test(
        "command lines that are none",
        arguments: [
            ([], 64), (["-P"], 64), (["-x", "f"], 64), (["f", "a", "b"], 64), (["none"], 66),
            (["http://host/f"], 66), (["-d"], 64),
        ] as [([String], Int32)])
    func commandLines(arguments: [String], status: Int32) {
        #expect(Self.call(arguments).refusal(in: .with([:]))?.status == status)
    }

    // MARK: As a whole

    @Test(
        "the translation runs the same",
        arguments: [
            file("listen { port = 1 } overload = close spawn { users max = 3 }"),
            file(
                "listen { path = /tmp/s mode = 600 } listen { address = 127.0.0.1 port = 0 bind retry delay = 3 }",
                "remote = { address = ::1 port = 1 weight = 5 } rebalance = 3 idle timeout = 10m"),
            file(
                "listen { port = 1 } syslog facility = LOCAL3 spawn { userid = root groupid = 0 }"),
        ])
    func translation(text: String) throws {
        #expect(try Self.call().translationIsSame(in: .with(["f": text])))
    }

    @Test(
        "ten thousand files that are nearly right crash nothing, and mean something valid or nothing"
    )
    func random() throws {
        let words =
            [
                "id", "=", "{", "}", "spawnd", "tcprelay", "listen", "port", "1", "address", "::0",
                "127.0.0.1", "remote", "weight", "0x10", "10m", "users", "max", "spawn", "syslog",
                "ident", "permit", "deny", "not", "10.0.0.0/8", "alias", "x", "include", "f",
                "setenv", "\"", "'", "${X}", "#\n", "\\", "tls", "yes", "cert-file", "TLSv1.3,",
                "[", "]", "local",
                "rebalance",
                "path", "/s", "mode", "600", "overload", "queue", "99999999999999999999", "",
            ]
        let good = Self.file(
            "listen = { address = 127.0.0.1 port = 1 } overload = close spawn { users max = 3 } permit 10.0.0.0/8",
            "remote = { address = ::1 port = 1 weight = 5 } rebalance = 3 idle timeout = 10m")
        var scramble = Scramble(seed: 17, words: words)
        var accepted = 0
        for round in 0..<10_000 {
            let text = round.isMultiple(of: 4) ? scramble.text(upTo: 40) : scramble.damaged(good)
            let call = Self.call(round.isMultiple(of: 3) ? ["-P", "f"] : ["f"])
            let hostEnvironment = HostEnvironment.with(["f": text])
            do {
                // What is accepted is valid, so nothing is bound before that.
                if case .run(let plan) = try call.meaning(in: hostEnvironment) {
                    _ = try plan.validated(for: call)
                    accepted += 1
                }
            } catch {
                let refusal = error
                #expect([64, 66, 71, 78].contains(refusal.status))
                #expect(!refusal.text.isEmpty)
            }
        }
        #expect(accepted > 50)
    }
}
