import Testing

@testable import proxyd

/// What is said and what is made of the answers, without a socket.
@Suite("probe exchanges")
struct ExchangeTests {
    /// A conversation: what the channel says, piece by piece, and what comes of it.
    struct Talk: Sendable, CustomTestStringConvertible {
        var name: String
        var exchange: any ProbeExchange
        /// `nil` is the channel's end.
        var says: [[UInt8]?]
        /// Everything that the probe says, goodbye included; nil: not looked at.
        var hears: String?
        var result: ProbeResult?
        var testDescription: String { name }

        init(
            _ name: String, _ exchange: any ProbeExchange, says: [String?], hears: String? = nil,
            _ result: ProbeResult?
        ) {
            self.init(
                name, exchange, bytes: says.map { $0.map { Array($0.utf8) } }, hears: hears, result)
        }

        init(
            _ name: String, _ exchange: any ProbeExchange, bytes: [[UInt8]?], hears: String? = nil,
            _ result: ProbeResult?
        ) {
            (self.name, self.exchange, self.says) = (name, exchange, bytes)
            (self.hears, self.result) = (hears, result)
        }

        /// The verdict, and what was said until then.
        func run() -> (result: ProbeResult?, said: [UInt8]) {
            var exchange = exchange
            var said: [UInt8] = []
            func take(_ move: ProbeMove) -> ProbeResult? {
                switch move {
                case .wait: return nil
                case .send(let bytes):
                    said += bytes
                    return nil
                case .done(let result, let goodbye):
                    said += goodbye
                    return result
                }
            }
            if let result = take(exchange.begin()) { return (result, said) }
            for piece in says {
                guard let piece else { return (exchange.end(), said) }
                if let result = take(exchange.receive(piece[...])) { return (result, said) }
            }
            return (nil, said)
        }
    }

    static func steps(_ steps: ProbeStep...) throws -> StepExchange {
        try StepExchange(steps)
    }

    static func text(_ text: String) -> ProbeStep { .text(Array(text.utf8)) }
    static func send(_ text: String) -> ProbeStep { .send(Secret(Array(text.utf8))) }

    // MARK: send-expect

    static func stepTalks() throws -> [Talk] {
        let ping = try steps(send("PING\r\n"), text("+PONG"))
        let smtp = try StepExchange(ProbeKind.smtpSteps)
        let redis = try StepExchange(ProbeKind.redisMasterSteps)
        let regex = try steps(.regex("^250 .*SIZE"), send("Q"))
        let hex = try steps(.bytes([0, 1]), .bytes([2]))
        let master = "*3\r\n$6\r\nmaster\r\n"
        return [
            Talk("pong", ping, says: ["+PONG\r\n"], hears: "PING\r\n", .good()),
            Talk("drips", ping, says: ["+", "PO", "NG"], .good()),
            Talk(
                "wrong", ping, says: ["-LOADING Redis\r\n"],
                .bad("expected “+PONG”, got “-LOADING Redis\\r\\n”")),
            Talk("begun", ping, says: ["+P"], nil),
            Talk("ends", ping, says: ["+P", nil], .bad("closed: expected “+PONG”, got “+P”")),
            Talk("nothing", ping, says: [nil], .bad("closed: expected “+PONG”, got nothing")),
            Talk(
                "unprintable", ping, bytes: [[0xFF, 0x22, 0x0A]],
                .bad("expected “+PONG”, got “\\xff\"\\n”")),
            Talk(
                "long", ping, says: [String(repeating: "x", count: 500)],
                .bad("expected “+PONG”, got “\(String(repeating: "x", count: 48))…”")),
            Talk(
                "smtp", smtp, says: ["220 mx ESMTP\r\n", "221 bye\r\n"], hears: "QUIT\r\n",
                .good()),
            Talk("smtp in pieces", smtp, says: ["220", " mx", "\r\n22", "1 bye\r\n"], .good()),
            Talk(
                "smtp busy", smtp, says: ["421 too many\r\n"],
                .bad("expected “220”, got “421 too many\\r\\n”")),
            Talk(
                "redis", redis, says: ["+PONG\r\n", master], hears: "PING\r\nROLE\r\nQUIT\r\n",
                .good()),
            Talk(
                "replica", redis, says: ["+PONG\r\n", "*5\r\n$5\r\nslave\r\n"],
                .bad("expected “*3\\r\\n$6\\r\\nmaster\\r\\n”, got “*5\\r\\n$5\\r\\nslave\\r\\n”")
            ),
            Talk("regex", regex, says: ["250-a\r\n", "250 x SIZE 9\r\n"], hears: "Q", .good()),
            Talk("regex waits", regex, says: ["250-a\r\n250-SIZE\r\n"], nil),
            Talk("hex", hex, bytes: [[0], [1, 2]], .good()),
            Talk("hex wrong", hex, bytes: [[0, 1, 3]], .bad("expected “\\x02”, got “\\x03”")),
        ]
    }

    @Test("send-expect")
    func stepTable() throws { try check(Self.stepTalks()) }

    /// Replies of several lines, as SMTP and FTP have them.
    static func replyTalks() throws -> [Talk] {
        let smtp = try StepExchange(ProbeKind.smtpSteps, isSMTP: true)
        let ftp = try steps(text("220"), send("QUIT\r\n"), text("221"))
        let code = try steps(text("220 "))
        let word = try steps(text("220 ready"), send("Q"))
        return [
            Talk(
                "several lines", smtp, says: ["220-mx\r\n", "220 go\r\n", "221 bye\r\n"], .good()),
            Talk("teased", smtp, says: ["220-mx\r\n"], hears: "", nil),
            Talk("the greeting is not over", smtp, says: ["220 mx"], hears: "", nil),
            Talk(
                "teased and refused", smtp, says: ["220-mx\r\n", "554 no\r\n"], hears: "",
                .bad("expected “220”, got “220-mx\\r\\n554 no\\r\\n”")),
            Talk("code alone", smtp, says: ["220\r\n", "221-a\r\n221\r\n"], .good()),
            Talk(
                "LF alone", smtp, says: ["220-mx\n220 go\n", "221 bye\n"], hears: "QUIT\r\n",
                .good()),
            Talk(
                "FTP", ftp,
                says: ["220-Hello\r\n500 users\r\n 220 no end\r\n220 go\r\n", "221 bye\r\n"],
                hears: "QUIT\r\n", .good()),
            Talk("drips", ftp, says: "220-a\r\nb\r\n220 c\r\n221 d\r\n".map { "\($0)" }, .good()),
            Talk("a space is expected", code, says: ["220-a\r\n220 b\r\n"], .good()),
            Talk("wrong at once", code, says: ["5"], .bad("expected “220 ”, got “5”")),
            Talk("wrong word", word, says: ["220 b"], .bad("expected “220 ready”, got “220 b”")),
            Talk(
                "the last line has it", word, says: ["220-a\r\n220 ready\r\n"], hears: "Q", .good()),
            Talk(
                "no line has it", word, says: ["220-a\r\n220 b\r\n"],
                .bad("expected “220 ready”, got “220-a\\r\\n220 b\\r\\n”")),
            Talk("no end of the last line", code, says: ["220 x", nil], .good()),
            Talk(
                "ends between", code, says: ["220-x\r\n", nil],
                .bad("closed: expected “220 ”, got “220-x\\r\\n”")),
            Talk("CR LF is LF", try steps(text("OK\r\n")), says: ["OK\n"], .good()),
            Talk("LF is CR LF", try steps(text("OK\nNEXT")), says: ["OK\r", "\nNEXT"], .good()),
        ]
    }

    @Test("replies of several lines") func replyTable() throws { try check(Self.replyTalks()) }

    @Test("a flood ends the probe")
    func flood() throws {
        let exchange = try Self.steps(.regex("never"))
        let piece = [UInt8](repeating: 0x78, count: 16_384)
        let talk = Talk("flood", exchange, bytes: [piece, piece, piece, piece, piece], nil)
        let result = try #require(talk.run().result)
        #expect(result.words.hasPrefix("more than 65536 bytes"))
    }

    @Test("what was missing when the time was up is told")
    func expired() throws {
        var exchange = try Self.steps(Self.text("+PONG"))
        #expect(exchange.expire() == .bad("timeout: expected “+PONG”, got nothing"))
        _ = exchange.receive(Array("+P".utf8)[...])
        #expect(exchange.expire() == .bad("timeout: expected “+PONG”, got “+P”"))
    }

    // MARK: http

    static func httpTalks() -> [Talk] {
        let plain = HTTPExchange(HTTPCheck(), host: "h:80")
        let body = HTTPExchange(HTTPCheck(status: [200...200], body: "all well"), host: "h")
        let head = HTTPCheck(method: .head, path: "/up", host: "www")
        let ok = "HTTP/1.1 200 OK\r\n"
        return [
            Talk(
                "LF alone", plain, says: ["HTTP/1.1 200 OK\nA: b\n", "\n"], .good("ok: status 200")),
            Talk(
                "LF alone, a body", body, says: ["HTTP/1.0 200 OK\n\nall", " well"],
                .good("ok: status 200")),
            Talk(
                "LF alone, in chunks", body,
                says: ["HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n4\nall \n4\nwell\n0\n\n"],
                .good("ok: status 200")),
            Talk(
                "get", plain, says: [ok + "\r\n"],
                hears: "GET / HTTP/1.1\r\nHost: h:80\r\nUser-Agent: proxyd\r\nAccept: */*\r\n"
                    + "Connection: close\r\n\r\n", .good("ok: status 200")),
            Talk(
                "head", HTTPExchange(head, host: "h"), says: ["HTTP/1.0 204 No\r\n\r\n"],
                hears: "HEAD /up HTTP/1.1\r\nHost: www\r\nUser-Agent: proxyd\r\nAccept: */*\r\n"
                    + "Connection: close\r\n\r\n", .good("ok: status 204")),
            Talk(
                "drips", plain, says: ["HT", "TP/1.1 301 Moved\r", "\n\r\n"],
                .good("ok: status 301")),
            Talk(
                "bad", plain, says: ["HTTP/1.1 503 No\r\n\r\n"],
                .bad("status 503, not 200-399")),
            Talk(
                "continue", plain, says: ["HTTP/1.1 100 C\r\n\r\n" + ok + "\r\n"],
                .good("ok: status 200")),
            Talk(
                "not http", plain, says: ["220 mx\r\n"],
                .bad("expected an HTTP answer, got “220 mx\\r\\n”")),
            Talk(
                "nonsense", plain, says: ["HTTP/1.1 abc\r\n\r\n"],
                .bad("status 0, not 200-399")),
            Talk("ends", plain, says: [nil], .bad("closed without an answer")),
            Talk(
                "half a head", plain, says: [ok, nil],
                .bad("no whole HTTP header before the end, got “HTTP/1.1 200 OK\\r\\n”")),
            Talk(
                "body", body, says: [ok + "\r\nit is all", " well here"],
                .good("ok: status 200")),
            Talk(
                "body missing", body, says: [ok + "\r\nno", nil],
                .bad("body has no “all well” before the end")),
            Talk(
                "body complete", body, says: [ok + "Content-Length: 4\r\n\r\nsick"],
                .bad("body has no “all well”")),
            Talk(
                "chunks", body,
                says: [ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nall \r\n4\r\nwell\r\n0\r\n"],
                .good("ok: status 200")),
        ]
    }

    @Test("http", arguments: httpTalks())
    func http(talk: Talk) { check([talk]) }

    @Test("a body without end")
    func endless() throws {
        let exchange = HTTPExchange(HTTPCheck(body: "never"), host: "h")
        let head = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
        let piece = [UInt8](repeating: 0x78, count: 16_384)
        let talk = Talk("endless", exchange, bytes: [head] + Array(repeating: piece, count: 5), nil)
        #expect(talk.run().result == .bad("body has no “never” before the first 65536 bytes"))
    }

    // MARK: PostgreSQL

    static func message(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        Array(kind.utf8) + [0, 0, 0, UInt8(body.count + 4)] + body
    }

    static func postgresTalks() -> [Talk] {
        let alive = PostgresExchange(user: "u", provesPrimary: false)
        let primary = PostgresExchange(user: "u", provesPrimary: true)
        let login = message("R", [0, 0, 0, 0])
        let scram = message("R", [0, 0, 0, 10] + Array("SCRAM-SHA-256\0\0".utf8))
        let ready = message("Z", [0x49])
        func row(_ letter: String) -> [UInt8] {
            message("D", [0, 1, 0, 0, 0, 1] + Array(letter.utf8)) + message("C", [0])
        }
        func error(_ code: String, _ words: String) -> [UInt8] {
            message("E", Array("SFATAL\0C\(code)\0M\(words)\0\0".utf8))
        }
        return [
            Talk("alive", alive, bytes: [login + ready], .good()),
            Talk("primary", primary, bytes: [login, ready, row("f"), ready], .good("ok: primary")),
            Talk(
                "standby", primary, bytes: [login + ready, row("t") + ready],
                .bad("is a standby")),
            Talk("password", alive, bytes: [scram], .good("ok: asks for a password")),
            Talk(
                "password, primary", primary, bytes: [scram],
                .bad("asks for a password, so whether it is the primary cannot be seen")),
            Talk(
                "starting", alive, bytes: [error("57P03", "starting up")],
                .bad("57P03 “starting up”")),
            Talk(
                "full", alive, bytes: [error("53300", "too many clients")],
                .bad("53300 “too many clients”")),
            Talk("no role", alive, bytes: [error("28000", "no role")], .good("ok: 28000")),
            Talk(
                "no role, primary", primary, bytes: [error("28000", "no role")],
                .bad("28000 “no role”")),
            Talk("drips", alive, bytes: (login + ready).map { [$0] }, .good()),
            Talk(
                "not postgres", alive, bytes: [Array("220 mx\r\n".utf8)],
                .bad("expected PostgreSQL's answer, got “220 mx\\r\\n”")),
            Talk(
                "a length of nonsense", alive, bytes: [[0x52, 0xFF, 0xFF, 0xFF, 0xFF, 0]],
                .bad("expected PostgreSQL's answer, got “R\\xff\\xff\\xff\\xff\\x00”")),
            Talk(
                "an empty message", alive, bytes: [[0x52, 0, 0, 0, 0]],
                .bad("expected PostgreSQL's answer, got “R\\x00\\x00\\x00\\x00”")),
        ]
    }

    @Test("postgres", arguments: postgresTalks())
    func postgres(talk: Talk) { check([talk]) }

    // MARK: MySQL

    static func packet(_ number: UInt8, _ body: [UInt8]) -> [UInt8] {
        [UInt8(body.count), 0, 0, number] + body
    }

    static func mysqlTalks() -> [Talk] {
        let mysql = MySQLExchange(user: "u")
        let greeting = packet(0, [10] + Array("8.0.36\0salt".utf8))
        let fine = packet(2, [0, 0, 0])
        func error(_ number: UInt8, _ code: Int, _ words: String) -> [UInt8] {
            packet(number, [255, UInt8(code & 255), UInt8(code >> 8)] + Array(words.utf8))
        }
        return [
            Talk("logged in", mysql, bytes: [greeting, fine], .good()),
            Talk(
                "denied", mysql, bytes: [greeting, error(2, 1045, "#28000denied")],
                .good("ok: login denied (1045)")),
            Talk(
                "another method", mysql,
                bytes: [greeting, packet(2, [254, 1]), error(4, 1045, "no")],
                .good("ok: login denied (1045)")),
            Talk(
                "full", mysql, bytes: [error(0, 1040, "Too many connections")],
                .bad("error 1040 “Too many connections”")),
            Talk(
                "blocked", mysql, bytes: [error(0, 1129, "Host blocked")],
                .bad("error 1129 “Host blocked”")),
            Talk(
                "host blocked later", mysql, bytes: [greeting, error(2, 1129, "#HY000blocked")],
                .bad("error 1129 “#HY000blocked”")),
            Talk(
                "no error", mysql, bytes: [greeting, packet(2, [255, 1])],
                .bad("error 0 “”")),
            Talk(
                "half a state", mysql, bytes: [greeting, error(2, 1045, "#280")],
                .bad("error 1045 “#280”")),
            Talk(
                "a proxy without its server", mysql, bytes: [greeting, error(2, 2003, "#HY000")],
                .bad("error 2003 “#HY000”")),
            Talk("drips", mysql, bytes: (greeting + fine).map { [$0] }, .good()),
            Talk(
                "not mysql", mysql, bytes: [Array("220 mx\r\n".utf8)],
                .bad("expected MySQL's greeting, got “220 mx\\r\\n”")),
            Talk(
                "asks for ever", mysql,
                bytes: [greeting] + Array(repeating: packet(2, [254]), count: 9),
                .bad("asks for one login after another")),
            Talk(
                "ends", mysql, bytes: [greeting, nil],
                .bad("closed in the middle of the handshake")),
        ]
    }

    /// Whatever is wrong with the login, the server lives; but some errors tell of the server.
    @Test(
        "errors after the greeting",
        arguments: [
            (1045, true), (1862, true), (3118, true), (3159, true), (4151, true), (1820, true),
            (1203, true), (3955, true), (1040, false), (1041, false), (1047, false), (1053, false),
            (1129, false), (3032, false), (3168, false),
        ])
    func mysqlErrors(code: Int, isAlive: Bool) throws {
        var exchange = MySQLExchange(user: "u")
        _ = exchange.receive(Self.packet(0, [10] + Array("8.0.36\0salt".utf8))[...])
        let body = [255, UInt8(code & 255), UInt8(code >> 8)] + Array("#HY000words".utf8)
        guard case .done(let result, _) = exchange.receive(Self.packet(2, body)[...]) else {
            throw Missing("a verdict")
        }
        #expect(result.isGood == isAlive, "\(result.words)")
    }

    @Test("mysql", arguments: mysqlTalks())
    func mysql(talk: Talk) { check([talk]) }

    // MARK: Anything

    @Test("no answer brings an exchange to its knees", arguments: 0..<200)
    func noise(seed: Int) throws {
        let bytes = SeededGenerator.bytes(300, seed: UInt64(seed))
        let exchanges: [any ProbeExchange] = [
            HTTPExchange(HTTPCheck(body: "x"), host: "h"), MySQLExchange(user: "u"),
            PostgresExchange(user: "u", provesPrimary: true),
            try StepExchange(ProbeKind.redisMasterSteps),
        ]
        let beginnings: [[UInt8]] = [
            Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8),
            Self.packet(0, [10, 0]), Self.message("R", [0, 0, 0, 0]), Array("+PONG\r\n".utf8),
        ]
        for (exchange, beginning) in zip(exchanges, beginnings) {
            let pieces =
                [beginning]
                + stride(from: 0, to: 300, by: 7).map {
                    Array(bytes[$0..<min(300, $0 + 7)])
                }
            _ = Talk("noise", exchange, bytes: pieces + [nil], nil).run()
            _ = Talk("noise", exchange, bytes: Array(pieces.dropFirst()) + [nil], nil).run()
        }
    }

    private func check(_ talks: [Talk]) {
        for talk in talks {
            let (result, said) = talk.run()
            #expect(result == talk.result, "\(talk.name)")
            if let hears = talk.hears {
                #expect(String(decoding: said, as: UTF8.self) == hears, "\(talk.name)")
            }
        }
    }
}
