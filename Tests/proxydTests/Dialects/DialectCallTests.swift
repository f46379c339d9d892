import Shared
import Testing

@testable import proxyd

/// How a dialect is chosen, and what every one of them keeps to.
@Suite("dialects")
struct DialectCallTests {
    @Test("the name that we are called by counts, and then the first word")
    func chosen() throws {
        let linked = try #require(DialectCall(commandLine: ["/usr/sbin/flopsy", "run", "-p", "1"]))
        #expect(linked.dialect == .flopsy)
        #expect(linked.arguments == ["run", "-p", "1"])
        let word = try #require(DialectCall(commandLine: ["proxyd", "flopsy", "-h"]))
        #expect(word.dialect == .flopsy)
        #expect(word.arguments == ["-h"])
        #expect(DialectCall(commandLine: ["proxyd", "run", "flopsy"]) == nil)
        #expect(DialectCall(commandLine: ["proxyd"]) == nil)
        #expect(DialectCall(commandLine: []) == nil)
    }

    @Test("control sockets of several instances are apart, and the environment has the last word")
    func control() {
        var hostEnvironment = HostEnvironment.empty
        let listener = Endpoint.ip(.anyV4, port: 80)
        #expect(hostEnvironment.control(of: "p", at: listener) == "/run/proxyd/p-0.0.0.0:80.sock")
        #expect(
            hostEnvironment.control(of: "p", at: .unix(path: "/tmp/a b"))
                == "/run/proxyd/p-unix:-tmp-a-b.sock")
        hostEnvironment.variable = { $0 == "PROXYD_CONTROL" ? "c.sock" : nil }
        #expect(hostEnvironment.control(of: "p", at: listener) == "/here/c.sock")
    }
}
