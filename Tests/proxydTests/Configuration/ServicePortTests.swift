import Shared
import Testing

@testable import proxyd

@Suite("Service names as ports")
struct ServicePortTests {
    @Test("a service's name stands for its port, where the system knows it")
    func names() throws {
        // /etc/services comes with the package netbase, which a small system may lack.
        guard let imap = ServicePort.number(of: "imap") else {
            #expect(throws: ValueError.self) { try EndpointReader.channel("db1:imap") }
            return
        }
        #expect(imap == 143)
        #expect(try EndpointReader.channel("db1:imap") == .name("db1", port: 143))
        #expect(try EndpointReader.channel("10.0.0.1:imap") == Endpoint("10.0.0.1:143"))
        #expect(try EndpointReader.listener("[::1]:imap") == Endpoint("[::1]:143"))
    }

    @Test(
        "anything else is read as before",
        arguments: ["db1:no-such-service", "db1:", "[::1]", "::1", "2001:db8::abcd"])
    func diagnostics(text: String) {
        #expect(throws: ValueError.self) { try EndpointReader.channel(text) }
    }

    @Test("a Unix socket's path is never looked up")
    func paths() throws {
        #expect(try EndpointReader.channel("unix:/run/x:imap") == .unix(path: "/run/x:imap"))
    }
}
