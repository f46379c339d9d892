import Foundation
import Testing

extension EndToEnd {
    /// What the documents show is what happens.
    ///
    /// A fenced block of the kind `console run` is executed: a line that begins with `$ ` is given to bash,
    /// with those behind it that begin with `> `; the lines up to the next one are what it must print.
    /// `…` stands for any text. The blocks of one document share a directory and a shell, in which `proxyd`
    /// is on the path.
    @Suite("documents")
    struct DocumentTests {
        static let documents: [String] = {
            let docs = (try? FileManager.default.contentsOfDirectory(atPath: root + "/docs")) ?? []
            return ["README.md", "CONTRIBUTING.md"]
                + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
        }()

        static let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .path

        @Test("show what really happens", arguments: documents)
        func transcripts(document: String) throws {
            let text = try String(contentsOfFile: Self.root + "/" + document, encoding: .utf8)
            let steps = Transcript.steps(in: text)
            guard !steps.isEmpty else { return }
            let directory = try TemporaryDirectory()
            let mark = "=== end of step ==="
            let script = steps.map { "\($0.command)\nprintf '\\n\(mark)\\n'" }.joined(
                separator: "\n")
            let path =
                (Daemon.binary as NSString).deletingLastPathComponent + ":/usr/sbin:/usr/bin:/bin"
            let shell = try Program(
                [
                    "/bin/bash", "-c",
                    "trap 'kill $(jobs -p) 2>/dev/null' EXIT\nexec 2>&1\n" + script,
                ],
                in: directory, environment: ["PATH": path])
            _ = try shell.waitForEnd(within: .seconds(300))
            let outputs = shell.output.components(separatedBy: "\n\(mark)\n")
            try #require(outputs.count > steps.count, "\(shell.report)")
            for (step, output) in zip(steps, outputs) {
                #expect(step.matches(output), "\(document): $ \(step.command)\nprinted:\n\(output)")
            }
        }

        @Test("the reader of transcripts knows what it reads")
        func reader() {
            let text = """
                ```console
                $ not this one
                ```
                ```console run
                $ echo one
                one
                $ printf 'two\\nthree\\n'
                two
                …ee
                ```
                """
            let steps = Transcript.steps(in: text)
            #expect(steps.map(\.command) == ["echo one", "printf 'two\\nthree\\n'"])
            #expect(steps[0].matches("one\n"))
            #expect(!steps[0].matches("two\n"))
            #expect(steps[1].matches("two\nthree"))
        }
    }
}

/// The commands of a document and what they print.
enum Transcript {
    struct Step {
        var command: String
        var expected: [String] = []

        /// Line by line; `…` in an expected line stands for any text.
        func matches(_ output: String) -> Bool {
            let lines = output.trimmingCharacters(in: .newlines).components(separatedBy: "\n")
            let printed = lines == [""] ? [] : lines
            guard printed.count == expected.count else { return false }
            return zip(expected, printed).allSatisfy { Self.line($0, matches: $1) }
        }

        private static func line(_ expected: String, matches printed: String) -> Bool {
            let parts = expected.components(separatedBy: "…").map(
                NSRegularExpression.escapedPattern)
            let pattern = "^" + parts.joined(separator: ".*") + "$"
            return printed.range(of: pattern, options: .regularExpression) != nil
        }
    }

    static func steps(in text: String) -> [Step] {
        var steps: [Step] = []
        var isInside = false
        for line in text.components(separatedBy: "\n") {
            if line.hasPrefix("```") {
                isInside = line == "```console run"
            } else if isInside, line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2))))
            } else if isInside, line.hasPrefix("> "), !steps.isEmpty {
                steps[steps.count - 1].command += "\n" + line.dropFirst(2)
            } else if isInside, !steps.isEmpty {
                steps[steps.count - 1].expected.append(line)
            }
        }
        return steps
    }
}
