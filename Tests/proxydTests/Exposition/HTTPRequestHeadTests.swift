import Testing

@testable import proxyd

@Suite("HTTP request head")
struct HTTPRequestHeadTests {
    private func read(_ text: String) -> HTTPRequestHead.Reading {
        HTTPRequestHead.read(Array(text.utf8))
    }

    @Test(
        "what a scraper says is understood",
        arguments: [
            ("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "/metrics"),
            ("GET /metrics HTTP/1.0\r\n\r\n", "/metrics"),
            ("GET /metrics?a=b HTTP/1.1\nHost: x\n\n", "/metrics"),
            ("GET http://x:9101/healthz HTTP/1.1\r\nHost: x\r\n\r\n", "/healthz"),
            ("GET http://x HTTP/1.1\r\nHost: x\r\n\r\nmore", "/"),
            ("GET / HTTP/1.1\r\nX: \u{FF}\u{0}\r\n\r\n", "/"),
        ])
    func good(text: String, path: String) {
        #expect(read(text) == .head(HTTPRequestHead(method: .get, path: path)))
        let head = text.replacing("GET", with: "HEAD", maxReplacements: 1)
        #expect(read(head) == .head(HTTPRequestHead(method: .head, path: path)))
    }

    @Test("before the empty line nothing is decided")
    func incomplete() {
        let whole = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
        for count in 0..<whole.utf8.count {
            #expect(HTTPRequestHead.read(Array(whole.utf8.prefix(count))) == .incomplete)
        }
    }

    @Test(
        "what is wrong is answered as HTTP has it",
        arguments: [
            ("POST /metrics HTTP/1.1\r\n\r\n", .methodNotAllowed),
            ("get /metrics HTTP/1.1\r\n\r\n", .methodNotAllowed),
            ("BREW /x HTTP/1.1\r\n\r\n", .methodNotAllowed),
            ("GET /metrics HTTP/2.0\r\n\r\n", .versionNotSupported),
            ("GET /metrics HTTP/9\r\n\r\n", .versionNotSupported),
            ("GET /metrics\r\n\r\n", .badRequest), ("GET  /metrics HTTP/1.1\r\n\r\n", .badRequest),
            ("GET metrics HTTP/1.1\r\n\r\n", .badRequest), ("\r\n\r\n", .badRequest),
            ("GET /m\u{1} HTTP/1.1\r\n\r\n", .badRequest), ("G(T / HTTP/1.1\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nno colon\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\n: x\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nA : x\r\n\r\n", .badRequest),
            ("\u{16}\u{3}\u{1}\u{2}\u{0}\n\n", .badRequest), ("GET / FTP/1.1\r\n\r\n", .badRequest),
        ] as [(String, HTTPStatus)])
    func bad(text: String, status: HTTPStatus) {
        #expect(read(text) == .refused(status))
    }

    @Test("a head has 4096 bytes and no more")
    func long() {
        func text(_ count: Int) -> String {
            let front = "GET / HTTP/1.1\r\nA: "
            return front + String(repeating: "a", count: count - front.utf8.count - 4) + "\r\n\r\n"
        }
        #expect(read(text(4096)) == .head(HTTPRequestHead(method: .get, path: "/")))
        #expect(read(text(4099)) == .refused(.headTooLarge))
        #expect(read(String(repeating: "a", count: 4096)) == .refused(.headTooLarge))
    }

    @Test("noise of every kind is answered or waited for, never more")
    func noise() {
        var generator = SeededGenerator(seed: 11)
        let seed = Array("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = HTTPRequestHead.read(bytes)
        }
    }

    @Test("an answer says how long it is, and HEAD gets its head only")
    func answer() {
        let answer = HTTPAnswer(.methodNotAllowed, body: Array("no\n".utf8))
        let text = String(decoding: answer.head + answer.body, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
        #expect(text.contains("\r\nAllow: GET, HEAD\r\n"))
        #expect(text.contains("\r\nContent-Length: 3\r\n"))
        #expect(text.hasSuffix("Connection: close\r\n\r\nno\n"))
        let head = String(decoding: answer.head, as: UTF8.self)
        #expect(head + "no\n" == text)
    }
}
