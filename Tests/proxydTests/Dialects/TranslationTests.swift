import Shared
import Testing

@testable import proxyd

/// The file that “translate” prints runs as the command line does; and whatever is typed, nobody crashes.
@Suite("translation")
struct TranslationTests {
    private static let lines: [(DialectName, [String])] = [
        (.balance, ["80", "a", "b:81:7", "!", "c::3", "%", "d"]),
        (
            .balance,
            ["-aHfp", "-t", "3", "-T9", "-b", "::1", "-B", "10.0.0.1", "imap", "10.0.0.2:9", "%"]
        ),
        (.balance, ["80"]),
        (.balance, ["-6", "80", "unix:/tmp/x", "h"]),
        (.fproxy, ["-y6", "-t2", "-g0", "-s3", "[::1]:8080", "/tmp/c", "--", "a", "::1", "./b"]),
        (.fproxy, ["-f", "10.0.0.1", "--", "10.0.0.2:81"]),
        (.flopsy, ["-p", "8080", "-H", "a:1,b:2", "-c", "/x", "-f", "/t d", "-B", "7"]),
        (.flopsy, ["-b", "[::1]:80", "-H", "[::2]:1"]),
    ]

    @Test("both run the same", arguments: lines)
    func same(dialect: DialectName, arguments: [String]) throws {
        #expect(try DialectCall(dialect, arguments).translationIsSame())
    }

    @Test("comments say what was typed, how to run it and what differs, and are comments")
    func comments() throws {
        let call = DialectCall(.balance, ["80", "b", "%", "c"])
        let text = try call.plan().yaml(for: call)
        let head = """
            # proxyd translate balance 80 b % c
            #
            # Run it with: proxyd run FILE --daemon --drain never
            #
            # What differs, or is not in this file:

            """
        #expect(text.hasPrefix(head))
        var odd = DialectCall(.fproxy, ["-o/tmp/a\nb: it's", "-f", "a", "--", "b"])
        odd.program = "x"
        let translated = try odd.plan().yaml(for: odd)
        #expect(
            translated.hasPrefix("# proxyd translate fproxy '-o/tmp/a?b: it'\\''s' -f a -- b\n"))
        #expect(try odd.translationIsSame())
    }

    /// Pieces that command lines are made of, and some that they are not.
    private static let pieces: [String] = [
        "-a", "-b", "-B", "-c", "-d", "-e", "-f", "-g", "-h", "-H", "-i", "-M", "-o", "-p", "-s0",
        "-s4", "-s9", "-t",
        "-T", "-y", "-y6", "-6", "--", "-", "--port", "--hosts", "--hosts=a:1,b:2", "--help",
        "-p8080", "-H",
        "-Ha:1,,b", "!", "%", "80", "0", "65535", "65536", "-1", "8080", "imap", "a", "a:1",
        "b:2:3", "c::4",
        "::1", "[::1]:80", "[::1", "]", ":", "::", ":::", "/tmp/x", "./y", "unix:/z", "10.0.0.1",
        "10.0.0.1:80:5",
        "999.1.1.1", "", " ", "\t", "é", "日本:80", "a,b", ",", "x=y", "=",
        "99999999999999999999", String(repeating: "a", count: 300), "-abdfpiHM6", "-t5", "-T0",
        "-c show",
    ]

    @Test(
        "ten thousand command lines that nobody would type", .timeLimit(.untilHung),
        arguments: [DialectName.balance, .fproxy, .flopsy])
    func random(dialect: DialectName) throws {
        var generator = SeededGenerator(seed: 41)
        var (ran, refused) = (0, 0)
        for round in 0..<10_000 {
            let count = Int.random(in: 0...9, using: &generator)
            var arguments = (0..<count).compactMap { _ in
                Self.pieces.randomElement(using: &generator)
            }
            // Some are good but for a word or two.
            let good = Self.lines.filter { $0.0 == dialect }
            if round.isMultiple(of: 3), let line = good.randomElement(using: &generator) {
                arguments = line.1 + arguments.prefix(1)
                if Bool.random(using: &generator) {
                    arguments.shuffle(using: &generator)
                }
            }
            let call = DialectCall(dialect, arguments)
            do {
                let meaning = try call.meaning(in: .empty)
                guard case .run(let plan) = meaning else { continue }
                let configuration = try plan.validated(for: call)
                ran += 1
                guard round.isMultiple(of: 50) else { continue }
                let text = plan.yaml(for: call)
                #expect(
                    try ConfigurationFile.parse(text, name: "t") == configuration, "\(arguments)")
            } catch let refusal as DialectError {
                refused += 1
                #expect(refusal.status != 0 && refusal.text.hasSuffix("\n"), "\(arguments)")
            }
        }
        #expect(ran > 50 && refused > 1000, "\(ran) \(refused)")
    }
}
