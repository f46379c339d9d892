import Shared
import Testing

@testable import proxyd

/// flopsy's command line, as its library reads it.
@Suite("flopsy")
struct FlopsyDialectTests {
    @Test("hosts in order, a primary, and where it listens")
    func plan() throws {
        let plan = try DialectCall(
            .flopsy,
            ["-p8080", "-H", "a:1,b:2", "--hosts=c:3", "-c", "./ping.sh", "-f", "t", "-B=5"]
        ).plan()
        let service = plan.configuration.services[0]
        #expect(service.listeners.map { "\($0.endpoint)" } == ["0.0.0.0:8080", "[::]:8080"])
        let group = service.groups[0]
        #expect(group.channels.map { "\($0.endpoint)" } == ["a:1", "b:2", "c:3"])
        #expect(group.balance.policy == .primary)
        #expect(group.election.check == "/here/./ping.sh")
        #expect(group.election.triggers == "/here/t")
        #expect(group.election.maxBackoff == .seconds(5))
        #expect(plan.options.drain == .zero)
    }

    @Test("without IPv6, or with a random port, there is one listener")
    func oneListener() throws {
        var hostEnvironment = HostEnvironment.empty
        hostEnvironment.hasIPv6 = false
        for (port, hostEnvironment) in [("80", hostEnvironment), ("0", .empty)] {
            let plan = try DialectCall(.flopsy, ["-p", port, "-H", "a:1"]).plan(in: hostEnvironment)
            #expect(
                plan.configuration.services[0].listeners.map { "\($0.endpoint)" } == [
                    "0.0.0.0:\(port)"
                ])
        }
    }

    @Test("a program without a slash is looked for in PATH")
    func path() throws {
        var hostEnvironment = HostEnvironment.empty
        hostEnvironment.variable = { $0 == "PATH" ? "/one:/two" : nil }
        hostEnvironment.kind = { $0 == "/two/check" ? .file(isExecutable: true) : nil }
        let plan = try DialectCall(.flopsy, ["-p1", "-Ha:1", "-ccheck"]).plan(in: hostEnvironment)
        #expect(plan.configuration.services[0].groups[0].election.check == "/two/check")
    }

    @Test("hosts that can never be reached are said in every round and left out")
    func unreachable() throws {
        let plan = try DialectCall(.flopsy, ["-p1", "-H", "a,b:2,,::1"]).plan()
        #expect(
            plan.configuration.services[0].groups[0].channels.map { "\($0.endpoint)" } == ["b:2"])
        let voice = try #require(plan.options.dialect?.messages)
        #expect(plan.options.dialect?.greeting == [])
        #expect(
            voice.lines(about: .tries("b:2")) == [
                "trying host 'a'", "host 'a' discarded because it is unreachable",
                "trying host 'b:2'",
            ])
        #expect(
            voice.lines(about: .pauses(.seconds(1))) == [
                "trying host ''", "host '' discarded because it is unreachable",
                "trying host '::1'", "host '::1' discarded because it is unreachable",
                "no hosts available; sleeping for 1 seconds, then trying again",
            ])
    }

    private static let mistaken: [[String]] = [
        [], ["-p", "1"], ["-H", "a:1"], ["-p", "1", "-b", "x:1", "-H", "a:1"],
        ["-p", "70000", "-H", "a:1"], ["-p", "x", "-H", "a:1"], ["-p", "-H", "a:1"],
        ["-p", "1", "-p", "2", "-H", "a:1"], ["-b", "nowhere", "-H", "a:1"],
        ["-p", "1", "-H", "a"], ["-p", "1", "-H", "a:1", "operand"], ["-x"], ["--ports=1"],
        ["-p1", "-Ha:1", "-B-1"], ["-p1", "-Ha:1", "-B4294967296"], ["--"], ["-"],
    ]

    @Test(
        "mistakes end with 2",
        arguments: mistaken)
    func mistakes(arguments: [String]) {
        let refusal = DialectCall(.flopsy, arguments).refusal()
        #expect(refusal?.status == 2)
        #expect(refusal?.text.hasPrefix("error: ") == true)
    }

    @Test("help, short and long")
    func help() throws {
        for (word, expected) in [("-h", false), ("--help", true), ("-hp", false)] {
            guard case .text(let text) = try DialectCall(.flopsy, [word]).meaning(in: .empty) else {
                Issue.record("\(word) is no help")
                continue
            }
            #expect(text.contains("exit status 0 says yes") == expected)
            #expect(text.contains("PROXYD_CONTROL"))
        }
    }
}
