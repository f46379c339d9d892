import Testing

@testable import Shared

@Suite("Endpoints")
struct EndpointTests {
    @Test(
        "an endpoint is read, and written so that it can be read again",
        arguments: [
            ("192.0.2.1:80", Endpoint.ip(.v4(0xC000_0201), port: 80), "192.0.2.1:80"),
            ("*:80", .ip(.anyV4, port: 80), "0.0.0.0:80"),
            ("[::]:0", .ip(.anyV6, port: 0), "[::]:0"),
            ("[::1]:65535", .ip(.loopbackV6, port: 65535), "[::1]:65535"),
            ("db1:5432", .name("db1", port: 5432), "db1:5432"),
            (
                "_imap._tcp.example.org:1", .name("_imap._tcp.example.org", port: 1),
                "_imap._tcp.example.org:1"
            ),
            ("unix:/run/x", .unix(path: "/run/x"), "unix:/run/x"),
            ("/run/x:y", .unix(path: "/run/x:y"), "unix:/run/x:y"),
            ("unix:x", .unix(path: "x"), "unix:x"),
        ])
    func reads(text: String, endpoint: Endpoint, written: String) throws {
        #expect(try Endpoint(text) == endpoint)
        #expect(endpoint.description == written)
        #expect(try Endpoint(written) == endpoint)
    }

    @Test(
        "a missing port is the default's",
        arguments: [
            ("192.0.2.1", "192.0.2.1:7"), ("192.0.2.1:", "192.0.2.1:7"), ("db", "db:7"),
            ("[::1]", "[::1]:7"), ("[::1]:", "[::1]:7"), ("::1", "[::1]:7"), ("*", "0.0.0.0:7"),
            ("db:8", "db:8"),
        ])
    func defaultPort(text: String, written: String) throws {
        #expect(try Endpoint(text, defaultPort: 7).description == written)
    }

    @Test(
        "a mistake says what it is",
        arguments: [
            ("", Endpoint.ParseError.empty), ("192.0.2.1", .noPort), ("[::1]", .noPort),
            ("::1", .noPort), ("db:", .noPort), ("db:65536", .badPort("65536")),
            ("db:-1", .badPort("-1")), ("db:+1", .badPort("+1")), ("db:http", .badPort("http")),
            ("db:١", .badPort("١")), (":80", .badAddress("")), ("1.2.3:80", .badAddress("1.2.3")),
            ("a b:80", .badAddress("a b")), ("[::1:80", .badAddress("[::1:80")),
            ("[::1]80", .badAddress("[::1]80")), ("[1.2.3.4]:80", .badAddress("1.2.3.4")),
            ("::g:80", .badAddress("::g:80")), ("unix:", .badPath("")),
            (
                "/\(String(repeating: "x", count: 107))",
                .badPath("/\(String(repeating: "x", count: 107))")
            ),
            ("/a\0b", .badPath("/a\0b")),
        ])
    func mistakes(text: String, mistake: Endpoint.ParseError) {
        #expect(throws: mistake) { try Endpoint(text) }
        #expect(!mistake.description.isEmpty)
    }

    @Test("the longest path of a Unix socket is one byte short of sun_path")
    func longestPath() throws {
        let path = "/" + String(repeating: "x", count: 106)
        #expect(try Endpoint(path) == .unix(path: path))
    }
}
