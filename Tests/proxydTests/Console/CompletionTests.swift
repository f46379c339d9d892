import Shared
import Testing

@testable import proxyd

@Suite("Completion")
struct CompletionTests {
    private static let vocabulary: Vocabulary = {
        var vocabulary = Vocabulary()
        vocabulary.entries = CommandTable.entries.map {
            .init(
                verb: $0.verb.split(separator: " ").map(String.init), arguments: $0.arguments,
                mutates: $0.mutates)
        }
        vocabulary.channels = ["mail/main/a", "mail/main/b", "mail/spare/c", "web/0/0"]
        vocabulary.listeners = ["mail/imap", "web/0"]
        vocabulary.fields = ["id", "client", "idle_ms", "in_bytes"]
        vocabulary.policies = ["hash", "round-robin"]
        return vocabulary
    }()

    private static let balanceKeys =
        ["balance"] + KeySet.balance.keys.map { "balance.\($0)" }.sorted()
    private static let probeKeys = KeySet.probe.keys.map { "probe.\($0)" }.sorted()
    private static let comparisons = Filter.Comparison.allCases.map(\.rawValue).sorted()

    @Test(
        "a word may become what the commands and the names allow",
        arguments: [
            ("", "en", ["enable"]), ("", "e", ["elect", "enable", "events", "exit", "explain"]),
            ("show", "se", ["services", "session", "sessions"]),
            ("kill", "s", ["session", "sessions"]), ("debug", "", ["client", "off", "session"]),
            ("debug session 5", "", ["for"]), ("show", "d", ["debug"]),
            ("novel", "", []), ("show novel", "", []), ("hello", "", []),
            ("drain", "mail/m", ["mail/main", "mail/main/a", "mail/main/b"]),
            ("drain", "w", ["web", "web/0", "web/0/0"]), ("drain", "main", []),
            ("drain mail", "", ["if-gen="]), ("drain mail", "if", ["if-gen="]),
            ("drain mail if-gen=3", "", ["if-gen="]),
            ("disable mail", "", ["cut", "if-gen="]), ("disable mail cut", "", ["if-gen="]),
            ("elect", "", ["mail", "web"]), ("explain 10.0.0.1", "", ["mail", "web"]),
            ("explain", "", []), ("explain 10.0.0.1 mail", "", []),
            ("set", "l", ["listener"]),
            ("set", "mail/m", ["mail/main", "mail/main/a", "mail/main/b"]),
            ("set web", "o", ["on-remove", "overload"]),
            ("set web overload", "", ["close", "default", "queue", "refuse", "reset"]),
            ("set web", "timeouts.i", ["timeouts.idle"]),
            ("set web timeouts.idle", "", ["default"]),
            ("set mail/main", "b", balanceKeys), ("set mail/main", "na", []),
            ("set mail/main balance", "h", ["hash"]),
            ("set mail/main balance hash", "f", ["failover=", "function="]),
            (
                "set mail/main/a", "",
                ["address", "label", "maxc", "probe"] + probeKeys
                    + ["probes", "proxy-protocol"]
                    + KeySet.channelSocket.keys.sorted().map { "socket.\($0)" }
                    + ["source", "weight"]
            ),
            ("set mail/main/a weight", "", ["default"]),
            ("set mail/main/a weight 2", "", ["if-gen="]),
            ("set novel/path", "", []), ("set listener", "", ["mail/imap", "web/0"]),
            ("set listener web/0", "r", ["rate"]),
            ("set listener web/0 when-empty", "r", ["refuse", "reset"]),
            ("create", "", ["group", "listener", "mail/main", "mail/spare", "service", "web/0"]),
            ("create web/0", "", []),
            (
                "create web/0 10.0.0.1:80", "",
                [
                    "enabled=", "if-gen=", "label=", "maxc=", "name=", "probe=", "probes=",
                    "proxy-protocol=", "socket=",
                    "source=", "weight=",
                ]
            ),
            ("create listener", "", ["mail", "web"]),
            ("create listener web 0.0.0.0:80", "m", ["max-sessions=", "mode="]),
            ("create group", "", ["mail/", "web/"]),
            ("create group web/x 10.0.0.1:80", "s", ["slow-start=", "socket=", "source="]),
            ("create service", "", []), ("create service x", "", ["listen="]),
            ("remove", "w", ["web", "web/0", "web/0/0"]), ("remove web", "", ["cut", "if-gen="]),
            ("remove listener", "w", ["web/0"]), ("begin", "", []),
            ("commit", "", ["confirm", "cut", "if-gen="]), ("commit confirm", "", []),
            ("commit confirm 60s", "", ["cut", "if-gen="]),
            ("commit cut", "", ["confirm", "if-gen="]),
            ("plan", "dr", ["drain", "drain-daemon"]), ("plan", "sh", ["shed", "shutdown"]),
            ("plan", "e", ["elect", "enable"]), ("plan drain", "web/", ["web/0", "web/0/0"]),
            ("plan show", "", []), ("plan commit", "", ["confirm", "cut", "if-gen="]),
            ("dump", "", ["where"]),
            ("dump 5", "", ["for", "hex", "limit", "pcapng", "sessions", "text"]),
            ("dump 5 text limit", "", []), ("dump where", "c", ["client"]),
            (
                "dump where id = 5", "",
                ["and", "for", "hex", "limit", "or", "pcapng", "sessions", "text"]
            ),
            ("events", "", ["follow"]), ("events follow", "", ["since", "where"]),
            ("reset", "w", ["web", "web/0", "web/0/0"]), ("plan", "res", ["reset"]),
            ("kill sessions", "w", ["where"]), ("kill sessions where", "c", ["client"]),
            ("kill sessions where id", "<", ["<", "<="]), ("kill sessions where id <", "", []),
            ("kill sessions where id < 3", "", ["and", "if-gen=", "or", "preview"]),
            ("kill sessions where id < 3 preview", "", ["if-gen="]),
            ("shed mail 5", "", ["if-gen=", "preview"]), ("shed mail 5 preview", "", ["if-gen="]),
            ("shed mail", "", []),
            ("show sessions", "", ["limit", "offset", "sort", "where"]),
            ("show sessions where", "i", ["id", "idle_ms", "in_bytes"]),
            ("show sessions where", "n", ["not"]),
            ("show sessions where id", "", comparisons),
            ("show sessions where id", "<", ["<", "<="]),
            ("show sessions where id =", "", []),
            ("show sessions where id = 3", "", ["and", "limit", "offset", "or", "sort"]),
            ("show sessions where id = 3 and", "c", ["client"]),
            ("show sessions where id = 3 and client", "~", ["~"]),
            ("show sessions sort", "-i", ["-id", "-idle_ms", "-in_bytes"]),
            ("show sessions sort", "c", ["client"]), ("show sessions limit", "", []),
            ("show sessions sort id", "", ["limit", "offset", "where"]),
            ("watch", "", []), ("watch 1", "show", ["show"]), ("watch 1", "wa", []),
            ("watch 1 show", "gr", ["groups"]), ("help", "ki", ["kill"]),
            ("help show", "ch", ["channel", "channels"]), ("help show channels", "", []),
        ] as [(String, String, [String])])
    func candidates(words: String, partial: String, expected: [String]) {
        let words = words.split(separator: " ").map(String.init)
        #expect(
            Completion.candidates(for: words, partial: partial, Self.vocabulary) == expected)
    }

    @Test(
        "one candidate goes in with a blank, several as far as they agree, or they are listed",
        arguments: [
            ("en", .insert("able ")), ("  dr", .insert("ain")),
            ("  exp", .insert("lain ")), ("create group w", .insert("eb/")),
            ("drain web/0/", .insert("0 ")),
            ("drain mail if", .insert("-gen=")), ("drain mail/s", .insert("pare")),
            ("drain mail/spare", .list(["mail/spare", "mail/spare/c"])), ("xyz", .nothing),
            ("show s", .insert("e")), ("show se", .list(["services", "session", "sessions"])),
            ("show \"s", .nothing), ("show\tli", .list(["limits", "listeners"])),
        ] as [(String, Completion.Outcome)])
    func outcomes(line: String, outcome: Completion.Outcome) {
        #expect(Completion.outcome(for: line, Self.vocabulary) == outcome)
    }

    @Test("without a daemon nothing is known, and nothing goes wrong")
    func empty() {
        #expect(Completion.outcome(for: "show ", Vocabulary()) == .nothing)
        #expect(Completion.outcome(for: "", Vocabulary()) == .insert("exit "))
    }

    @Test("the only service may be left out")
    func onlyService() {
        var vocabulary = Self.vocabulary
        vocabulary.channels = ["mail/main/a"]
        let candidates = Completion.candidates(for: ["drain"], partial: "main", vocabulary)
        #expect(candidates == ["main", "main/a"])
    }

    @Test(
        "what a path names says which keys can be set there",
        arguments: [
            ("mail", KeySet.service.noun), ("mail/main", KeySet.group.noun),
            ("main", KeySet.group.noun),
            ("mail/main/a", KeySet.channel.noun), ("main/a", KeySet.channel.noun), ("a", nil),
            ("", nil),
        ] as [(String, String?)])
    func keys(path: String, noun: String?) {
        var vocabulary = Self.vocabulary
        vocabulary.channels = ["mail/main/a"]
        #expect(vocabulary.keys(at: path)?.noun == noun)
    }

    @Test("every key that is offered is one that the file knows")
    func settable() {
        for keys in [KeySet.service, .group, .channel, .listener] {
            for path in keys.settablePaths {
                #expect(keys.keys.contains(String(path.prefix { $0 != "." })))
            }
            #expect(!keys.settablePaths.contains("name"))
        }
        #expect(KeySet.group.words(at: "balance.policy") == PolicyName.words)
        #expect(KeySet.channel.words(at: "socket.mptcp") == ["false", "true"])
        #expect(KeySet.channel.words(at: "nothing.at.all").isEmpty)
    }

    @Test("of very many candidates some are shown, and how many more there are")
    func many() {
        var vocabulary = Self.vocabulary
        vocabulary.channels = (0..<500).map { "s/g/\($0)" }
        guard case .list(let words) = Completion.outcome(for: "drain s/g/", vocabulary) else {
            Issue.record("no list")
            return
        }
        #expect(words.count == 201)
        #expect(words.last == "… and 300 more")
    }

    @Test(
        "a list fills the columns that there are",
        arguments: [
            (["a", "bb", "c"], 80, "a   bb  c"), (["a", "bb", "c"], 8, "a   c\nbb"),
            (["a", "bb", "c"], 1, "a\nbb\nc"), ([], 80, ""),
        ])
    func columns(words: [String], width: Int, text: String) {
        #expect(Completion.columns(words, width: width) == text)
    }

    @Test("the vocabulary comes from the daemon's own tables, and nothing else changes it")
    func learning() {
        var vocabulary = Vocabulary()
        let describe = Reply.ok(
            attributes: [], lines: ["verb\targuments\tmutates", "show all\t[PATH]\tno"])
        vocabulary.learnCommands(from: describe)
        vocabulary.learnChannels(
            from: .ok(attributes: [], lines: ["serial\tpath", "1\ts/g/c", "2\ts/h/d"]))
        vocabulary.learnListeners(from: .ok(attributes: [], lines: ["path", "s/0"]))
        vocabulary.learnFields(from: .ok(attributes: [], lines: ["id\tclient"]))
        let before = vocabulary
        #expect(vocabulary.entries == [.init(verb: ["show", "all"], arguments: "[PATH]")])
        #expect(vocabulary.services == ["s"])
        #expect(vocabulary.listeners == ["s/0"])
        #expect(vocabulary.groups == ["s/g", "s/h"])
        #expect(vocabulary.fields == ["id", "client"])
        for reply in [Reply.error(.busy, message: "x"), .ok(attributes: [], lines: [])] {
            vocabulary.learnCommands(from: reply)
            vocabulary.learnChannels(from: reply)
            vocabulary.learnListeners(from: reply)
            vocabulary.learnFields(from: reply)
        }
        #expect(vocabulary == before)
    }

    @Test(
        "the prompt says where one is, and as whom",
        arguments: [
            ("db1", "PROD", "admin", "proxyd@db1 PROD admin> "),
            ("db1", "-", "viewer", "proxyd@db1 viewer> "),
            ("d\u{1B}[1m", "", "operator", "proxyd@d?[1m operator> "),
        ])
    func prompt(host: String, environment: String, role: String, prompt: String) {
        let greeting = [
            Reply.Attribute("host", host), Reply.Attribute("environment", environment),
            Reply.Attribute("role", role),
        ]
        #expect(ConsoleLink.prompt(greeting) == prompt)
    }
}
