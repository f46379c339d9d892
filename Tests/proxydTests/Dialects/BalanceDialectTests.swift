import Shared
import Testing

@testable import proxyd

/// balance's command line, as 3.54 reads it.
@Suite("balance")
struct BalanceDialectTests {
    private static func plan(_ arguments: String...) throws -> DialectPlan {
        try DialectCall(.balance, arguments).plan()
    }

    private static func refusal(_ arguments: [String]) -> DialectError? {
        DialectCall(.balance, arguments).refusal()
    }

    @Test("groups, caps and ports")
    func groups() throws {
        let plan = try Self.plan(
            "http", "a", "b:81", "c:imap:7", "d::3", "!", "e", "%", "-t3", "f:80:x", "-fHT", "9")
        let service = plan.configuration.services[0]
        #expect(service.listeners.map(\.endpoint) == [.ip(.anyV4, port: 80)])
        #expect(
            service.groups.map { $0.channels.map { "\($0.endpoint) \($0.maxc ?? 0)" } } == [
                ["a:80 0", "b:81 0", "c:143 7", "d:80 3"], ["e:80 0"], ["f:80 0"],
            ])
        #expect(service.groups.map(\.balance.policy) == [.roundRobin, .hash, .roundRobin])
        #expect(service.groups[1].balance.function == .balance)
        #expect(service.groups[1].balance.failover)
        #expect(service.timeouts.connect == .seconds(3))
        #expect(service.timeouts.idle == .seconds(9))
        #expect(service.timeouts.halfClosed == .seconds(4))
        #expect(service.grace == .zero)
        #expect(!plan.options.isInBackground)
        #expect(plan.options.dialect?.transcript == nil)
    }

    @Test("a trailing separator ends the last group; none at all is one that is empty")
    func ends() throws {
        let hashed = try Self.plan("80", "a", "b", "%").configuration.services[0]
        #expect(hashed.groups.map(\.balance.policy) == [.hash])
        let empty = try Self.plan("80").configuration.services[0]
        #expect(empty.groups.count == 1)
        #expect(empty.groups[0].mayBeEmpty)
        let most = try DialectCall(.balance, ["80"] + Self.sixteen.dropLast()).plan()
        #expect(most.configuration.services[0].groups.count == 16)
    }

    private static let places: [([String], [String], String)] = [
        (["80", "a"], ["0.0.0.0:80"], "balance.80.0.0.0.0"),
        (["-6", "80", "a"], ["0.0.0.0:80", "[::]:80"], "balance.80.0.0.0.0"),
        (["-b", "::1", "80", "a"], ["[::1]:80"], "balance.80.::1"),
        (["-b", "2001:DB8::1", "http"], ["[2001:db8::1]:80"], "balance.80.2001:DB8::1"),
        (["-b", "::", "80"], ["[::]:80", "0.0.0.0:80"], "balance.80.::"),
        (["-b", "::0", "80"], ["[::]:80", "0.0.0.0:80"], "balance.80.::0"),
        (["-b", "::ffff:10.1.1.3", "80"], ["10.1.1.3:80"], "balance.80.::ffff:10.1.1.3"),
        (["-bmail", "80"], ["mail:80"], "balance.80.mail"),
    ]

    @Test(
        "where it listens, and where controllers find it",
        arguments: places)
    func listeners(arguments: [String], endpoints: [String], name: String) throws {
        let plan = try DialectCall(.balance, arguments).plan()
        let listeners = plan.configuration.services[0].listeners
        #expect(listeners.map { "\($0.endpoint)" } == endpoints)
        #expect(plan.configuration.control.path == "/var/run/balance/\(name)")
    }

    @Test("in the background it speaks to syslog, in front of people to them")
    func manners() throws {
        let background = try Self.plan("80", "a", "-p", "-d")
        #expect(background.options.isInBackground)
        #expect(background.configuration.log.error.target.ident == "Balance")
        #expect(background.options.dialect?.transcript == nil)
        #expect(background.options.drain == nil)
        let foreground = try Self.plan("-fpaM", "-B10.0.0.7", "80", "a")
        #expect(foreground.configuration.log.error.target.place == .standardError)
        #expect(foreground.options.dialect?.transcript != nil)
        let service = foreground.configuration.services[0]
        #expect(service.health.autodisable && service.health.panic)
        #expect(service.groups[0].channels[0].source == .addresses([.v4(0x0A00_0007)]))
    }

    @Test("the controller's wish")
    func wishes() throws {
        for (arguments, command) in [
            (["-i", "80"], nil), (["-c", "show", "-M", "80"], "show"),
            (
                ["-fp", "-c" + String(repeating: "x", count: 200), "80"],
                String(repeating: "x", count: 127)
            ),
        ] as [([String], String?)] {
            guard
                case .converse(let wish) = try DialectCall(.balance, arguments).meaning(in: .empty)
            else {
                Issue.record("\(arguments) is not a wish")
                continue
            }
            #expect(
                wish
                    == BalanceRequest(
                        socket: "/var/run/balance/balance.80.0.0.0.0", command: command)
            )
        }
    }

    /// Groups with their separators.
    private static let sixteen = Array(repeating: ["a", "!"], count: 16).flatMap { $0 }

    private static let noService =
        "error at getaddrinfo: Servname not supported for ai_socktype\nexiting.\n"

    private static let mistaken: [([String], Int32, String)] = [
        (["0"], 64, "invalid port [0], exiting.\n"),
        (["x"], 64, "invalid port [x], exiting.\n"),
        (["80x", "a"], 71, noService), (["70000", "a"], 71, noService),
        (
            ["-6", "-b", "10.0.0.1", "80", "a"], 71,
            "error at getaddrinfo: Address family for hostname not supported\nexiting.\n"
        ),
        (
            ["-b", "a b", "80", "a"], 71,
            "error at getaddrinfo: Name or service not known\nexiting.\n"
        ),
        (["80", "!"], 69, "balance: no channels in group\n"),
        (["80", "a", "!", "%", "b"], 69, "balance: no channels in group\n"),
        (["80", "::1"], 65, "unknown or invalid address [::1]\n"),
        (["80", "a:x"], 65, "unknown or invalid port in [a:x]\n"),
        (["80", "a b"], 65, "unknown or invalid address [a b]\n"),
        (["-B", "nobody", "80", "a"], 65, "unknown or invalid address [nobody]\n"),
        (
            ["-b", "a/b", "80", "a"], 71,
            "cannot create rendezvous file /var/run/balance/balance.80.a/b\n"
        ),
        (["80"] + Array(repeating: "a", count: 64), 64, "MAXCHANNELS exceeded...\n"),
        (["80"] + sixteen, 69, "balance: too many groups\n"),
    ]

    @Test(
        "mistakes, with the original's status",
        arguments: mistaken)
    func mistakes(arguments: [String], status: Int32, text: String) {
        #expect(Self.refusal(arguments) == DialectError(text, status: status))
    }

    private static let usages: [[String]] = [
        [], ["-F", "80"], ["-t", "0", "80"], ["-T0", "80"], ["-i", "80", "a"], ["-c"],
    ]

    @Test(
        "what ends in the usage text",
        arguments: usages)
    func usage(arguments: [String]) {
        let refusal = Self.refusal(arguments)
        #expect(refusal?.status == 64)
        #expect(refusal?.text.contains("usage:\n") == true)
    }

    @Test("the packet dump, byte for byte")
    func transcript() {
        func text(_ bytes: [UInt8], _ isFromClient: Bool = true) -> String {
            String(
                decoding: BalanceTranscript().text(of: bytes, isFromClient: isFromClient),
                as: UTF8.self)
        }
        #expect(text(Array("A\n".utf8), false) == "-< 2\nA\\0A\n\n")
        #expect(text([0x5C, 0x0D, 0xFF, 0x7F, 0x20]) == "-> 5\n\\\\\\0D\\FF\\7F \n")
        let long = text(Array(repeating: 0x78, count: 90))
        #expect(long == "-> 90\n" + String(repeating: "x", count: 81) + "\nxxxxxxxxx\n")
        let end = BalanceTranscript().end(isFromClient: true, isError: false)
        #expect(end == Array("-> 0\n\n".utf8))
    }

    private static let numerals: [(String, Int)] = [
        ("7x", 7), (" 12", 12), ("-3", -3), ("", 0), ("x", 0),
        ("99999999999999999999", 1_099_511_627_776),
    ]

    @Test(
        "atoi(3)",
        arguments: numerals)
    func numbers(text: String, number: Int) {
        #expect(number < 1 << 40 ? CNumber.of(text) == number : CNumber.of(text) >= number)
    }
}
