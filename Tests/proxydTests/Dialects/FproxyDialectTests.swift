import Shared
import Testing

@testable import proxyd

/// fproxy's command line, as 0.41 documents it.
@Suite("fproxy")
struct FproxyDialectTests {
    @Test("fproxy 1: port 80, the default files, strategy 4, in the background")
    func defaults() throws {
        let plan = try DialectCall(
            .fproxy, ["127.0.0.1", "--", "127.0.0.2", "127.0.0.3", "127.0.0.4"]
        ).plan()
        let service = plan.configuration.services[0]
        #expect(service.listeners.map { "\($0.endpoint)" } == ["127.0.0.1:80"])
        #expect(
            service.groups[0].channels.map { "\($0.endpoint)" } == [
                "127.0.0.2:80", "127.0.0.3:80", "127.0.0.4:80",
            ])
        #expect(service.groups[0].balance.policy == .workload)
        #expect(service.grace == .seconds(60))
        #expect(service.timeouts.idle == nil)
        #expect(service.listeners[0].waitForBytes == 0)
        let log = plan.configuration.log
        #expect(log.access?.target.place == .file("/var/log/fproxy.log"))
        #expect(log.access?.format == .httpd)
        #expect(log.error.target.place == .file("/var/log/fproxy.err"))
        #expect(plan.options.pidFile == "/var/run/fproxy.pid")
        #expect(plan.options.isInBackground)
        #expect(plan.options.drain == nil)
        #expect(plan.options.dialect?.makesRoom == true)
    }

    private static let places: [(String, String)] = [
        ("10.0.0.1:8080", "10.0.0.1:8080"), ("::1", "[::1]:80"),
        ("2001:db8::1:8080", "[2001:db8::1:8080]:80"), ("[::1]:8080", "[::1]:8080"),
        ("[::1]", "[::1]:80"), ("/tmp/x", "unix:/tmp/x"), ("./x", "unix:/here/./x"),
        ("a/b", "unix:/here/a/b"), ("db", "db:80"), ("db:81", "db:81"),
    ]

    @Test(
        "addresses",
        arguments: places)
    func addresses(text: String, endpoint: String) throws {
        let plan = try DialectCall(.fproxy, ["-f", text, "--", text]).plan()
        let service = plan.configuration.services[0]
        #expect(service.listeners.map { "\($0.endpoint)" } == [endpoint])
        #expect(service.groups[0].channels.map { "\($0.endpoint)" } == [endpoint])
    }

    @Test("options, attached and apart; the last strategy counts; -f wants no files")
    func options() throws {
        let plan = try DialectCall(
            .fproxy,
            ["-o", "l", "-s1", "-s", "2", "-y6", "-t", "30", "-g0", "-f", "a", "b", "--", "c"]
        ).plan()
        let service = plan.configuration.services[0]
        #expect(service.groups[0].balance.policy == .leastBytes)
        #expect(service.listeners.map(\.waitForBytes) == [6, 6])
        #expect(service.timeouts.idle == .seconds(30))
        #expect(service.timeouts.clientHello == nil)
        #expect(service.grace == .zero)
        #expect(plan.configuration.log.access?.target.place == .standardOutput)
        #expect(plan.options.pidFile == nil)
        #expect(!plan.options.isInBackground)
    }

    private static let mistaken: [[String]] = [
        [], ["a"], ["a", "--"], ["--", "b"], ["-s5", "a", "--", "b"],
        ["-y", "x", "a", "--", "b"],
        ["-g-1", "a", "--", "b"], ["-q", "a", "--", "b"], ["-t"], ["a:x", "--", "b"],
        ["a", "--", "b:0"], ["", "--", "b"], ["-y99999999999", "a", "--", "b"],
    ]

    @Test(
        "mistakes end in the usage text",
        arguments: mistaken)
    func mistakes(arguments: [String]) {
        let refusal = DialectCall(.fproxy, arguments).refusal()
        #expect(refusal?.status == 1)
        #expect(refusal?.text.contains("Usage:\n") == true)
    }
}
