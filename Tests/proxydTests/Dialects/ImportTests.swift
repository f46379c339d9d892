import Shared
import Testing

@testable import proxyd

/// HAProxy's and nginx's files, translated.
@Suite("imports")
struct ImportTests {
    private static func plan(
        _ dialect: DialectName, _ text: String, _ more: [String: String] = [:],
        variables: [String: String] = [:]
    ) throws -> DialectPlan {
        try DialectCall(dialect, ["f"]).plan(
            in: .with(["f": text].merging(more) { $1 }, variables: variables))
    }

    private static func refusal(_ dialect: DialectName, _ text: String) -> DialectError? {
        DialectCall(dialect, ["f"]).refusal(in: .with(["f": text]))
    }

    static let haproxy = """
        global
            maxconn 4000
            nbthread 2
            log /dev/log local0
            daemon
        defaults
            mode tcp
            timeout connect 2s
            timeout client 1m
            timeout server 60000
            timeout queue 3s
            option tcplog
        frontend web
            bind 127.0.0.1:8080,[::1]:8080 backlog 77
            bind /run/web.sock mode 660
            maxconn 100
            default_backend app
        backend app
            balance leastconn
            option httpchk HEAD /health
            http-check expect status 204
            default-server inter 3s fall 2
            server a 10.0.0.1:80 check weight 10 maxconn 100
            server b 10.0.0.2 check port 81 backup send-proxy-v2 cookie x
            server c 10.0.0.3:80 disabled
        listen redis
            bind 127.0.0.1:6379-6380
            option tcp-check
            tcp-check send PING\\r\\n
            tcp-check expect string +PONG
            balance source
            hash-type consistent
            server r1 10.0.0.3:6379 check inter 1s
        frontend h
            mode http
            bind :80
        """

    static let nginx = """
        worker_processes 3;
        user root;
        pid /run/n.pid;
        events { worker_connections 1024; }
        stream {
          proxy_timeout 2h;
          upstream db {
            least_conn;
            server 10.0.0.1:5432 weight=5 max_conns=7 max_fails=3 fail_timeout=30s;
            server 10.0.0.2:5432 backup;
            server 10.0.0.3:5432 down;
            zone db 64k;
          }
          include more.*;
          server { listen 5432 backlog=9 proxy_protocol; proxy_protocol on; listen [::]:5432 ipv6only=off; proxy_pass db; proxy_connect_timeout 1s; }
          server { listen 53 udp; proxy_pass 10.0.0.9:53; }
        }
        http { server { listen 80; } }
        """

    @Test("HAProxy: frontends, listens, backends and what they inherit")
    func haproxyMeaning() throws {
        let plan = try Self.plan(.haproxy, Self.haproxy)
        let configuration = plan.configuration
        #expect(configuration.maxSessions == 4000)
        #expect(configuration.workers == 2)
        #expect(plan.options.isInBackground)
        #expect(configuration.services.map(\.name) == ["web", "redis"])
        let web = configuration.services[0]
        #expect(
            web.listeners.map { "\($0.endpoint)" }
                == ["127.0.0.1:8080", "[::1]:8080", "unix:/run/web.sock"])
        #expect(web.listeners.map(\.backlog) == [77, 77, 4096])
        #expect(web.listeners[2].mode == 0o660)
        #expect(web.timeouts.connect == .seconds(2))
        #expect(web.timeouts.idle == .seconds(60))
        #expect(web.limits.maxSessions == 100)
        #expect(web.limits.overload == .queue)
        #expect(web.limits.queueTimeout == .seconds(3))
        #expect(web.groups.map(\.name) == ["main", "backup"])
        #expect(web.groups[0].balance.policy == .leastConnections)
        let a = web.groups[0].channels[0]
        #expect((a.name, a.weight, a.maxc) == ("a", 10, 100))
        let probe = try #require(a.probes.probes.first)
        #expect(probe.interval == .seconds(3))
        #expect((probe.rise, probe.fall) == (2, 2))
        #expect(
            probe.check == .http(HTTPCheck(method: .head, path: "/health", status: [204...204])))
        #expect(web.groups[0].channels[1].isEnabled == false)
        let b = web.groups[1].channels[0]
        #expect("\(b.endpoint)" == "10.0.0.2:8080")
        #expect(b.probes.probes.first?.port == 81)
        #expect(b.ownProxyProtocol?.text == "v2")
        let redis = configuration.services[1]
        #expect(redis.listeners.map { "\($0.endpoint)" } == ["127.0.0.1:6379", "127.0.0.1:6380"])
        #expect(redis.groups[0].balance.policy == .sticky)
        #expect(
            redis.groups[0].channels[0].probes.probes.first?.check
                == .exchange([.send(Secret(Array("PING\r\n".utf8))), .regex("\\+PONG")]))
    }

    @Test("HAProxy: every line that is not carried over is told with its place")
    func haproxyNotes() throws {
        let notes = try Self.plan(.haproxy, Self.haproxy).notes
        let told = notes.map { "\($0.subject): \($0.text)" }
        for line in [
            "f:4: log /dev/log local0: not carried over", "f:12: option tcplog: not needed",
            "f:24: server b … cookie x: not carried over",
            "f:34: frontend h: mode http is not relayed",
        ] {
            #expect(told.contains { $0.hasPrefix(line) }, "\(line) in \(told)")
        }
    }

    @Test(
        "HAProxy: lines that are told of",
        arguments: [
            ("acl x src 10.0.0.0/8", "not carried over"),
            ("use_backend b if x", "its clients go where the other lines send them"),
            ("stick on src", "not carried over"), ("timeout client soon", "not a duration"),
            ("maxconn x", "out of range"),
            ("no option redispatch", ""), ("balance uri", "in turn instead"),
            ("bind udp@1:2", "kind that is not available"),
            ("bind 127.0.0.1", "names no port"), ("bind :5 ssl", "would be in the clear"),
            ("server s fd@3", "kind that is not available"),
            ("server s 10.0.0.1:1 cookie abc check", "cookie abc"),
            ("colour red", "not carried over"),
            ("option mysql-check user haproxy", ""), ("option external-check", "no such probe"),
            (".if defined(X)", "not weighed"), ("\"$NONE\"", "not set"),
        ])
    func haproxyLines(line: String, words: String) throws {
        let plan = try Self.plan(.haproxy, "listen l\n bind :1\n server a 10.0.0.9:1\n \(line)\n")
        guard !words.isEmpty else { return }
        #expect(
            plan.notes.contains { $0.subject == "f:4" && $0.text.contains(words) }, "\(plan.notes)")
    }

    @Test(
        "times",
        arguments: [
            ("5", Duration.milliseconds(5)), ("5s", .seconds(5)), ("2m", .seconds(120)),
            ("1h", .seconds(3600)), ("1d", .seconds(86_400)), ("500us", .milliseconds(1)),
            ("", nil), ("x", nil), ("5w", nil),
        ] as [(String, Duration?)])
    func haproxyTimes(text: String, expected: Duration?) {
        #expect(HAProxyTime.duration(text) == expected)
    }

    @Test(
        "words of HAProxy: quotes, escapes and variables",
        arguments: [
            ("a 'b c' d\\ e", "a|b c|d e"), ("a # b", "a"),
            ("\"x${V}y\" \"$V\" '$V' $V", "x1y|1|$V|$V"),
            ("a\\#b", "a#b"), ("  ", ""), ("\"\\\"\"", "\""),
        ])
    func haproxyWords(text: String, expected: String) throws {
        var words = HAProxyWords(
            text[...], place: "f:1", hostEnvironment: .with([:], variables: ["V": "1"]))
        #expect(try words.words().joined(separator: "|") == expected)
    }

    @Test("nginx: servers of stream, and their upstreams")
    func nginxMeaning() throws {
        let plan = try Self.plan(
            .nginx, Self.nginx,
            ["./more.conf": "server { listen 127.0.0.1:7; proxy_pass unix:/run/x.sock; }"])
        let configuration = plan.configuration
        #expect(configuration.workers == 3)
        #expect(configuration.privileges.user == "root")
        #expect(plan.options.pidFile == "/run/n.pid")
        #expect(configuration.services.map(\.name) == ["stream", "db"])
        #expect("\(configuration.services[0].groups[0].channels[0].endpoint)" == "unix:/run/x.sock")
        let db = configuration.services[1]
        #expect(db.listeners.map { "\($0.endpoint)" } == ["0.0.0.0:5432", "[::]:5432"])
        #expect(db.listeners[0].backlog == 9)
        #expect(db.listeners[0].proxyProtocol == .require)
        #expect(db.groups[0].ownProxyProtocol?.text == "v1")
        #expect(db.timeouts.connect == .seconds(1))
        #expect(db.timeouts.idle == .seconds(7200))
        #expect(db.grace == .seconds(30))
        #expect(db.health.failures == 3)
        #expect(db.groups.map(\.name) == ["main", "backup"])
        #expect(db.groups[0].balance.policy == .leastConnections)
        #expect(db.groups[0].channels.map(\.weight) == [5, 1])
        #expect(db.groups[0].channels.map(\.maxc) == [7, nil])
        #expect(db.groups[0].channels.map(\.isEnabled) == [true, false])
        let told = plan.notes.map { "\($0.subject): \($0.text)" }
        for line in [
            "f:16: listen 53 udp;: datagrams", "f:18: http { … }: only",
            "f:12: zone db 64k;: not needed",
        ] {
            #expect(told.contains { $0.hasPrefix(line) }, "\(line) in \(told)")
        }
    }

    @Test(
        "nginx: how it chooses",
        arguments: [
            ("hash $remote_addr", "hash failover=true"), ("hash $remote_addr consistent", "sticky"),
            ("random two least_conn", "random-two-choices"),
            ("least_time connect", "least-latency"),
            ("", "round-robin"), ("hash $server_port", "hash key=destination failover=true"),
        ])
    func nginxBalance(line: String, expected: String) throws {
        let text =
            "stream { upstream u { \(line.isEmpty ? "" : line + ";") server 1.1.1.1:1; } server { listen 2; proxy_pass u; } }"
        let plan = try Self.plan(.nginx, text)
        #expect(plan.configuration.services[0].groups[0].balance.description == expected)
    }

    @Test(
        "what cannot be imported",
        arguments: [
            (DialectName.haproxy, "bind :80", "f:1: “bind” stands in no section"),
            (.haproxy, "listen a\n bind :1\n server 'x", "f:3: the quote is not closed"),
            (.haproxy, "frontend a\n bind :1", "no frontend and no listen section"),
            (.haproxy, "", "no frontend and no listen section"),
            (.nginx, "stream { server { listen 1 } }", "unexpected “}”"),
            (.nginx, "stream {", "“}” is missing"), (.nginx, "stream \"", "not closed"),
            (.nginx, "include none;", "no file is named"), (.nginx, ";", "unexpected “;”"),
            (.nginx, "stream { }", "no server of a stream block"), (.nginx, "a", "“;” is missing"),
        ])
    func mistakes(dialect: DialectName, text: String, words: String) throws {
        let refusal = try #require(Self.refusal(dialect, text))
        #expect(refusal.status == 78)
        #expect(refusal.text.contains(words), "\(refusal.text)")
    }

    @Test("one file is given", arguments: [DialectName.haproxy, .nginx])
    func arguments(dialect: DialectName) {
        #expect(DialectCall(dialect, []).refusal()?.status == 64)
        #expect(DialectCall(dialect, ["a", "b"]).refusal()?.status == 64)
        #expect(DialectCall(dialect, ["a"]).refusal()?.status == 66)
    }

    @Test(
        "the translation is read back as it was",
        arguments: [(DialectName.haproxy, haproxy), (.nginx, nginx)])
    func translation(dialect: DialectName, text: String) throws {
        #expect(
            try DialectCall(dialect, ["f"]).translationIsSame(
                in: .with(["f": text, "./more.x": ""])))
    }

    @Test(
        "ten thousand files that are nearly right crash nothing",
        arguments: [(DialectName.haproxy, haproxy), (.nginx, nginx)])
    func random(dialect: DialectName, text: String) throws {
        let words = [
            "listen", "bind", ":80", "server", "{", "}", ";", "\"", "'", "\\", "$", "${",
            "mode tcp",
            "timeout", "99999999999999999999", "weight", "balance", "\n", "stream", "upstream",
            "proxy_pass", "include", "f", "#", "unix:/", "[::]:1", "defaults", "0", "-1", "",
            "tcp-check expect rstring (", "check", "backup", "maxconn", "weight=0", "ssl", "crt",
            "sni", "acl a req_ssl_sni b", "use_backend app if", "verify", "ssl_certificate",
            "proxy_ssl", "map $ssl_preread_server_name $x {", "on",
        ]
        var scramble = Scramble(seed: 19, words: words)
        var accepted = 0
        for round in 0..<10_000 {
            let damaged = round.isMultiple(of: 4) ? scramble.text(upTo: 40) : scramble.damaged(text)
            let call = DialectCall(dialect, ["f"])
            let hostEnvironment = HostEnvironment.with([
                "f": damaged, "./f": damaged, "./more.x": "",
            ])
            do {
                if case .run(let plan) = try call.meaning(in: hostEnvironment) {
                    _ = try plan.validated(for: call)
                    accepted += 1
                }
            } catch {
                let refusal = error
                #expect([64, 66, 78].contains(refusal.status))
                #expect(!refusal.text.isEmpty)
            }
        }
        #expect(accepted > 100)
    }
}
