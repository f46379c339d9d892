import Shared
import Testing

@testable import proxyd

@Suite("lighttpd's file")
struct LighttpdFileTests {
    private static let server =
        "sockproxy.server = ( \"\" => ( ( \"host\" => \"10.0.0.1\", \"port\" => 22 ) ) )\n"
    private static func block(_ lines: String, at address: String = "127.0.0.1:2222") -> String {
        "$SERVER[\"socket\"] == \"\(address)\" {\n\(lines)}\n"
    }

    private static func call(_ arguments: [String] = ["-D", "-f", "f"]) -> DialectCall {
        DialectCall(.sockproxy, arguments)
    }

    private static func plan(
        _ text: String, _ more: [String: String] = [:], variables: [String: String] = [:]
    ) throws -> DialectPlan {
        try call().plan(in: .with(["f": text].merging(more) { $1 }, variables: variables))
    }

    private static func refusal(_ text: String) throws -> DialectError {
        try #require(call().refusal(in: .with(["f": text])))
    }

    // MARK: Language

    @Test(
        "values: texts, numbers, lists, variables and sums",
        arguments: [
            ("\"a\" + \"b\"", "\"ab\""), ("1 + 2", "3"), ("\"a\" + 1", "\"a1\""),
            ("( \"a\", \"b\" ) + ( \"c\" )", "( \"a\", \"b\", \"c\" )"),
            ("( \"a\" => 1,\n \"b\" => ( 2, ), )", "( \"a\" => 1, \"b\" => ( 2 ) )"),
            ("var.x + \"/y\"", "\"/x/y\""), ("env.HOME", "\"/root\""),
            ("\"a\\\"b\\\\\"", "\"a\"b\\\""),
            ("'x'", "\"x\""), ("()", "(  )"),
        ])
    func values(text: String, expected: String) throws {
        let hostEnvironment = HostEnvironment.with([:], variables: ["HOME": "/root"])
        var reader = LighttpdReader(in: hostEnvironment, folder: ".")
        try reader.read("var.x = \"/x\" # here\nserver.y = \(text)\n", file: "f")
        #expect(reader.global["server.y"]?.value.shown == expected)
    }

    @Test("+= adds to what stands outside, := and conditions replace")
    func adding() throws {
        var reader = LighttpdReader(in: .empty, folder: ".")
        try reader.read(
            """
            server.modules = ( "a" )
            server.modules += ( "b" )
            server.tag := "x"
            server.tag := "y"
            global { server.port = 81 }
            $SERVER["socket"] == "1" { server.modules += ( "c" ) }
            else $SERVER["socket"] == "2" { server.modules = ( "d" ) }
            else { server.modules = ( "e" ) }
            $SERVER["socket"] == "1" { server.tag = "z" }
            """, file: "f")
        #expect(reader.global["server.modules"]?.value.shown == "( \"a\", \"b\" )")
        #expect(reader.global["server.tag"]?.value.shown == "\"y\"")
        #expect(reader.global["server.port"]?.value.number == 81)
        #expect(reader.sockets.map(\.address) == ["1", "2"])
        #expect(reader.sockets[0].scope["server.modules"]?.value.shown == "( \"a\", \"b\", \"c\" )")
        #expect(reader.sockets[0].scope["server.tag"]?.value.shown == "\"z\"")
        #expect(reader.sockets[1].scope["server.modules"]?.value.shown == "( \"d\" )")
    }

    @Test(
        "mistakes in the language say where",
        arguments: [
            ("server.x", "f:1: expected “=” or “+=”, but got the end of the file"),
            ("server.x =\n", "f:1: expected a value, but got the end of the line"),
            ("\nserver.x = ( \"a\"", "f:2: expected “,” or “)”, but got the end of the file"),
            ("server.x = \"a", "f:1: the quote that begins here is not closed"),
            ("include_shell \"rm -rf /\"", "include_shell is not run"),
            ("include \"none\"", "there is no file ./none to include"),
            ("$HTTP[\"remoteip\"] == \"localhost\" { }", "f:1: invalid IP addr: localhost"),
            ("$SERVER[\"socket\"] == \"127.0.0.1:65536\" { }", "invalid IP addr: 127.0.0.1:65536"),
            ("server.x = var.none", "f:1: var.none has no value"),
            ("server.x = env.NONE", "f:1: the environment has no NONE"),
            ("server.x = 1\nserver.x = 2", "f:2: server.x is set already, at f:1"),
            ("server.x = ( 1 )\nserver.y = 1\nserver.y += server.x", "cannot be added to"),
            ("$SERVER[\"socket\"] = \"x\" {", "expected “==”"),
            ("$SERVER[\"socket\"] == \"x\" {", "expected “}”, but got the end of the file"),
            ("}", "expected a directive"), ("else { }", "“else” without a condition"),
            ("a = 1 b = 2", "expected the end of the line"), ("a = ^", "unexpected character “^”"),
            ("a = 99999999999999999999", "expected a smaller number"),
        ])
    func languageMistakes(text: String, words: String) throws {
        let refusal = try Self.refusal(text)
        #expect(refusal.status == 255)
        #expect(refusal.text.contains(words), "\(refusal.text)")
    }

    @Test("what Debian's stock file runs is known: MIME types are passed over, IPv6 is a socket")
    func stock() throws {
        let shells = """
            server.port = 8080
            include_shell "/usr/share/lighttpd/use-ipv6.pl " + server.port
            include_shell "/usr/share/lighttpd/create-mime.conf.pl"
            include_shell "/usr/share/lighttpd/create-mime.assign.pl"

            """
        let plan = try Self.plan(shells + Self.server)
        #expect(
            plan.configuration.services[0].listeners.map { "\($0.endpoint)" }
                == ["0.0.0.0:8080", "[::]:8080"])
        #expect(plan.notes.contains { $0.text.contains("MIME types are of the web server") })
        #expect(try Self.plan(shells + Self.block(Self.server)).configuration.services.count == 1)
    }

    @Test(
        "hosts that depend on the client's address are refused, with its else",
        arguments: [
            ("$HTTP[\"remoteip\"] == \"10.0.0.0/8\" {\n", "}\n"),
            ("$HTTP[\"remote-ip\"] != \"[::1]\" {\n", "}\n"),
            ("$HTTP[\"remoteip\"] == \"fe80::/10\" { }\nelse {\n", "}\n"),
            (
                "$HTTP[\"remoteip\"] == \"10.0.0.1\" { } else $HTTP[\"host\"] == \"a\" { } else {\n",
                "}\n"
            ),
        ])
    func byClient(head: String, foot: String) throws {
        for text in [
            Self.block(Self.server + head + Self.server + foot),
            Self.server + head + Self.server + foot,
            Self.block(Self.server + head + "sockproxy.balance = \"fair\"\n" + foot),
        ] {
            let refusal = try Self.refusal(text)
            #expect(refusal.status == 255)
            #expect(
                refusal.text.contains("hosts are not chosen by the client's address here"),
                "\(refusal.text)")
        }
        // What is of the web server is not ours to refuse.
        _ = try Self.plan(Self.block(Self.server + head + "url.access-deny = ( \"\" )\n" + foot))
    }

    @Test(
        "where errors go",
        arguments: [
            ("\"\"", LogTarget.Place.standardError), ("\"|/bin/cat\"", .standardError),
            ("\"rel.log\"", .file("/here/rel.log")), ("\"/e.log\"", .file("/e.log")),
        ])
    func errorLog(text: String, place: LogTarget.Place) throws {
        let plan = try Self.plan("server.errorlog = \(text)\n" + Self.block(Self.server))
        #expect(plan.configuration.log.error.target.place == place)
    }

    // MARK: Meaning

    @Test("the page's example, with the defaults of the server")
    func example() throws {
        let plan = try Self.plan(
            "server.modules += ( \"mod_sockproxy\" )\n" + Self.block(Self.server))
        let service = try #require(plan.configuration.services.first)
        #expect(service.name == "127.0.0.1-2222")
        #expect(service.listeners.map { "\($0.endpoint)" } == ["127.0.0.1:2222"])
        #expect(service.listeners[0].backlog == 1024)
        #expect(service.groups[0].balance.policy == .leastConnections)
        #expect(service.groups[0].channels.map { "\($0.endpoint)" } == ["10.0.0.1:22"])
        #expect(service.grace == .seconds(1))
        #expect(service.timeouts.connect == .seconds(8))
        #expect(service.timeouts.idle == .seconds(60))
        #expect(service.timeouts.halfClosed == .seconds(4))
        #expect(!plan.options.isInBackground)
        #expect(plan.notes.contains { $0.text.contains("the web server at :80 is not there") })
    }

    @Test("sockets that say nothing themselves share what stands outside")
    func shared() throws {
        let plan = try Self.plan(
            "server.port = 81\nserver.bind = \"::1\"\n" + Self.server + Self.block("")
                + Self.block(Self.server, at: "[::]:5"))
        #expect(
            plan.configuration.services.map { $0.listeners.map { "\($0.endpoint)" } }
                == [["[::1]:81", "127.0.0.1:2222"], ["[::]:5"]])
    }

    @Test(
        "addresses of sockets",
        arguments: [
            (":5", "0.0.0.0:5"), ("*:5", "0.0.0.0:5"), ("[::1]:5", "[::1]:5"), ("/s", "unix:/s"),
            ("unix:/s", "unix:/s"), ("127.0.0.1", "127.0.0.1:80"), ("[::1]", "[::1]:80"),
        ])
    func addresses(text: String, expected: String) throws {
        let plan = try Self.plan(Self.block(Self.server, at: text))
        #expect(plan.configuration.services[0].listeners.map { "\($0.endpoint)" } == [expected])
    }

    @Test("what the server as a whole says")
    func wide() throws {
        let plan = try Self.plan(
            """
            server.max-connections = 100
            server.listen-backlog = 7
            server.max-read-idle = 0
            server.max-write-idle = 9
            server.errorlog = "/var/log/e"
            server.pid-file = "/run/l.pid"
            server.max-worker = 3
            server.set-v6only = "disable"
            sockproxy.debug = 1
            """ + "\n"
                + Self.block(
                    """
                    sockproxy.server = ( "/" => ( "one" => ( "host" => "h", "disable-time" => 0,
                      "connect-timeout" => 0, "read-timeout" => 5, "bogus" => 1, "mode" => "x" ) ) )

                    """, at: "[::]:5"))
        let service = plan.configuration.services[0]
        #expect(plan.configuration.maxSessions == 100)
        #expect(plan.configuration.workers == 3)
        #expect(service.listeners.map { "\($0.endpoint)" } == ["[::]:5", "0.0.0.0:5"])
        #expect(service.listeners[0].backlog == 7)
        #expect(service.timeouts.idle == .seconds(5))
        #expect(service.timeouts.deadPeer == .seconds(9))
        #expect(service.timeouts.connect == .seconds(127))
        #expect(service.grace == .zero)
        #expect(service.groups[0].channels[0].label == "one")
        #expect("\(service.groups[0].channels[0].endpoint)" == "h:80")
        #expect(plan.configuration.log.error.target.place == .file("/var/log/e"))
        #expect(plan.options.pidFile == "/run/l.pid")
        #expect(plan.notes.contains { $0.text.contains("“bogus” is unknown") })
        #expect(plan.notes.contains { $0.text.contains("“mode” has no effect") })
    }

    @Test("TLS of a socket, or of all of them")
    func tls() throws {
        let inside = """
            ssl.engine = "enable"
            ssl.pemfile = "/c.pem"
            ssl.privkey = "/k.pem"
            ssl.ca-file = "/ca.pem"
            ssl.verifyclient.activate = "enable"
            ssl.verifyclient.enforce = "disable"
            ssl.verifyclient.ca-crl-file = "/crl.pem"
            ssl.stapling-file = "/s.der"
            ssl.cipher-list = "HIGH"
            ssl.honor-cipher-order = "enable"
            ssl.openssl.ssl-conf-cmd = ( "MinProtocol" => "TLSv1.3", "Curves" => "X25519", "Options" => "x" )

            """
        let plan = try Self.plan(Self.block(Self.server + inside))
        let tls = try #require(plan.configuration.services[0].listeners[0].tls)
        var expected = TLSListenerConfiguration()
        expected.certificates = [
            CertificateConfiguration(certificate: "/c.pem", key: "/k.pem", staple: "/s.der")
        ]
        expected.versions.least = .v13
        expected.ciphers = TLSCiphers(ciphers: "HIGH", curves: "X25519")
        expected.clientCertificate = .optional
        (expected.clientCA, expected.revoked) = ("/ca.pem", "/crl.pem")
        #expect(tls == expected)
        #expect(plan.notes.contains { $0.text.hasPrefix("Options x: write MinProtocol") })
        #expect(!plan.notes.contains { $0.text.contains("ssl.honor-cipher-order") })
        let outside = "ssl.engine = \"enable\"\nssl.pemfile = \"/c.pem\"\n"
        let own = "ssl.engine = \"disable\"\n"
        let mixed = try Self.plan(
            outside + Self.block(Self.server) + Self.block(Self.server + own, at: "[::]:5"))
        #expect(
            mixed.configuration.services.map { $0.listeners[0].tls != nil } == [true, false])
    }

    @Test(
        "TLS that cannot be had is refused",
        arguments: [
            ("", "there is no ssl.pemfile"),
            ("ssl.pemfile = \"c.pem\"", "ssl.pemfile is \"c.pem\"; write the whole path"),
            (
                "ssl.pemfile = \"/c\"\nssl.verifyclient.activate = \"enable\"",
                "there is no ssl.verifyclient.ca-file"
            ),
            (
                "ssl.pemfile = \"/c\"\nssl.openssl.ssl-conf-cmd = (\"MinProtocol\" => \"TLSv1.3\", \"MaxProtocol\" => \"TLSv1.2\")",
                "no version is left"
            ),
            (
                "ssl.pemfile = \"/c\"\nssl.openssl.ssl-conf-cmd = (\"MinProtocol\" => \"x\")",
                "“x” is not a TLS version"
            ),
        ])
    func tlsMistakes(lines: String, words: String) throws {
        let text = "ssl.engine = \"enable\"\n\(lines)\n" + Self.block(Self.server)
        let refusal = Self.call(["-D", "-f", "f"]).refusal(in: .with(["f": text]))
        #expect(refusal?.text.contains(words) == true, "\(refusal?.text ?? "")")
    }

    @Test("directives of other modules and conditions of HTTP are passed over, and told")
    func others() throws {
        let plan = try Self.plan(
            """
            accesslog.filename = "/x"
            $HTTP["host"] == "a" { url.redirect = ( "" => "x" )
              sockproxy.balance = "hash" }

            """ + Self.block(Self.server + "$HTTP[\"url\"] =~ \"x\" { a.b = 1 }\n"))
        #expect(
            plan.notes.contains {
                $0.text == "accesslog.filename is of the web server, and has no effect"
            })
        #expect(
            plan.notes.contains { $0.subject == "f:3" && $0.text.contains("cannot be decided") })
        #expect(plan.configuration.services[0].groups[0].balance.policy == .leastConnections)
    }

    @Test("included files, by a pattern or below the main one")
    func includes() throws {
        let files = [
            "/etc/l/f": "include \"conf.d/*\"\ninclude \"v\"\n",
            "/etc/l/conf.d/a": Self.block(Self.server),
            "/etc/l/v": "server.port = 90\n",
        ]
        let call = Self.call(["-D", "-f", "/etc/l/f"])
        let plan = try call.plan(in: .with(files))
        #expect(plan.configuration.services.count == 1)
        #expect(plan.notes.contains { $0.text.contains("the web server at :90") })
    }

    @Test(
        "mistakes in sockproxy.server",
        arguments: [
            ("\"x\"", "sockproxy.server is \"x\"; write ("),
            ("()", "sockproxy.server is (  ); write ("),
            ("( \"\" => ( \"host\" => \"a\" ) )", "unexpected value for sockproxy.server"),
            ("( \"\" => ( ( \"bin-path\" => \"/x\" ) ) )", "no program is started here"),
            ("( \"\" => ( ( \"host\" => \"a\", \"port\" => 0 ) ) )", "“port” is 0; write a number"),
            ("( \"\" => ( ( \"host\" => \"a\", \"disable-time\" => \"x\" ) ) )", "write seconds"),
            ("( \"\" => ( ( \"host\" => 1 ) ) )", "“host” is 1; write a text in quotes"),
            ("( \"\" => ( ( \"host\" => \"a b\" ) ) )", "neither an address nor a name"),
            ("( \".php\" => ( ( \"host\" => \"a\" ) ) )", "sockproxy.server has no host"),
            (
                "( \"\" => ( ( \"socket\" => \"/s\", \"port\" => 1 ) ) )",
                "either host/port or socket have to be set in: "
            ),
            ("( \"\" => ( ( \"port\" => 1 ) ) )", "host or bin-path have to be set in: "),
        ])
    func serverMistakes(value: String, words: String) throws {
        let refusal = try Self.refusal(Self.block("sockproxy.server = \(value)\n"))
        #expect(refusal.status == 255)
        #expect(refusal.text.hasPrefix("f:2: "), "\(refusal.text)")
        #expect(refusal.text.contains(words), "\(refusal.text)")
    }

    @Test("nothing to do is a mistake, and so are options that are not there")
    func nothing() throws {
        #expect(try Self.refusal("server.port = 80\n").text.contains("nothing to do"))
        for arguments in [
            [], ["-x"], ["f"], ["-i", "5", "-f", "f"], ["-1"], ["-f"], ["-f", "none"],
        ] {
            #expect(Self.call(arguments).refusal()?.status == 255, "\(arguments)")
        }
    }

    // MARK: As a whole

    @Test(
        "the translation runs the same",
        arguments: [
            block(server),
            "server.max-connections = 5\nserver.errorlog-use-syslog = \"enable\"\n" + server
                + block("sockproxy.balance = \"sticky\"\n" + server)
                + block("sockproxy.balance = \"hash\"\n" + server, at: "/s"),
            "server.max-read-idle = 0\n"
                + block(
                    "sockproxy.server = ( \"\" => ( \"a b\" => ( \"host\" => \"h\", \"disable-time\" => 700 ) ) )\n"
                ),
        ])
    func translation(text: String) throws {
        #expect(try Self.call().translationIsSame(in: .with(["f": text])))
    }

    @Test(
        "ten thousand files that are nearly right crash nothing, and mean something valid or nothing"
    )
    func random() throws {
        let good =
            "server.port = 81\nvar.a = \"x\" + env.HOME\n"
            + Self.block(
                "sockproxy.balance = \"sticky\"\n" + Self.server
                    + "$HTTP[\"host\"] == \"a\" { b.c = 1 }\n")
        let words = [
            "server.port", "=", "+=", ":=", "(", ")", "{", "}", "\"", "'", "=>", ",", "$SERVER",
            "[\"socket\"]", "==", "sockproxy.server", "\"host\"", "\"\"", "80", "\n", "include",
            "\"f\"", "else", "var.x", "env.HOME", "#", "global", "\\", "+", "\"/\"", "\"port\"",
            "99999999999999999999", "sockproxy.balance", "ssl.engine", "ssl.pemfile", "\"enable\"",
            "",
        ]
        var scramble = Scramble(seed: 18, words: words)
        var accepted = 0
        for round in 0..<10_000 {
            let text = round.isMultiple(of: 4) ? scramble.text(upTo: 40) : scramble.damaged(good)
            let call = Self.call(round.isMultiple(of: 3) ? ["-tt", "-f", "f"] : ["-f", "f"])
            let hostEnvironment = HostEnvironment.with(
                ["f": text, "./f": text], variables: ["HOME": "/"])
            do {
                if case .run(let plan) = try call.meaning(in: hostEnvironment) {
                    _ = try plan.validated(for: call)
                    accepted += 1
                }
            } catch {
                let refusal = error
                #expect(refusal.status == 255)
                #expect(!refusal.text.isEmpty)
            }
        }
        #expect(accepted > 100)
    }
}
