import Foundation
import Testing

@testable import proxyd

/// The rows of the keys are the source of two documents: the properties of `docs/proxyd.schema.json` and the
/// lists of keys in proxyd.conf(5). What stands around these is written by hand.
@Suite("Documents of the keys")
struct KeyDocumentTests {
    /// Set, it writes the documents instead of comparing them.
    private static let isWriting = ProcessInfo.processInfo.environment["WRITE_DOCUMENTS"] != nil

    private func compare(_ path: String, _ render: (inout [String]) throws -> Void) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../docs/\(path)").standardizedFileURL
        let present = try String(contentsOf: file, encoding: .utf8)
        var lines = present.components(separatedBy: "\n")
        try render(&lines)
        let rendered = lines.joined(separator: "\n")
        if Self.isWriting { try Data(rendered.utf8).write(to: file) }
        let isSame = present == rendered
        let first = zip(present.components(separatedBy: "\n"), lines).first { $0 != $1 }
        #expect(
            isSame,
            """
            docs/\(path) is not what the keys say, first here: \(first.map { "\($0)" } ?? "its length"); \
            WRITE_DOCUMENTS=1 scripts/test --filter KeyDocumentTests writes it
            """)
    }

    /// Puts new lines between the first line that is `start` behind `heading` and the first `end` behind that.
    private func replace(
        _ lines: inout [String], behind heading: (String) -> Bool, from start: String,
        to isEnd: (_ line: String, _ depth: inout Int) -> Bool, with new: [String]
    ) throws {
        var depth = 0
        guard let section = lines.firstIndex(where: heading),
            let first = lines[section...].firstIndex(of: start).map({ $0 + 1 }),
            let last = lines[first...].firstIndex(where: { isEnd($0, &depth) })
        else { throw Missing("a place for \(new.first ?? "")") }
        lines.replaceSubrange(first..<last, with: new)
    }

    @Test("docs/proxyd.schema.json has every key with its values, its default and its help")
    func schema() throws {
        try compare("proxyd.schema.json") { lines in
            for (name, set, _) in SchemaTests.sets {
                var new = set.rows.map(property)
                for index in new.indices.dropLast() { new[index] += "," }
                try replace(
                    &lines, behind: { $0 == "    \"\(name)\": {" }, from: "      \"properties\": {",
                    to: { line, _ in line == "      }," || line == "      }" },
                    with: new.flatMap { $0.components(separatedBy: "\n") })
            }
        }
    }

    private func property(_ key: KeyInfo) -> String {
        let help = HelpText(key.help).plain.replacing("\"", with: "\\\"")
        let members = (help.isEmpty ? [] : ["\"description\": \"\(help)\""]) + key.schema
        let line = "        \"\(key.name)\": { \(members.joined(separator: ", ")) }"
        guard line.count > 100 else { return line }
        let inner = members.map { "          \($0)" }.joined(separator: ",\n")
        return "        \"\(key.name)\": {\n\(inner)\n        }"
    }

    @Test("proxyd.conf(5) has every key with its help")
    func manual() throws {
        try compare("man/proxyd.conf.5") { lines in
            for set in KeySet.all {
                let heading = set.noun.filter { !"“”".contains($0) }
                let isHeading = { (line: String) in line.lowercased() == ".ss \(heading)" }
                try replace(
                    &lines, behind: isHeading, from: ".Bl -tag -width Ds",
                    to: { line, depth in
                        if line.hasPrefix(".Bl") { depth += 1 }
                        guard line == ".El" else { return false }
                        depth -= 1
                        return depth < 0
                    },
                    with: set.rows.flatMap { key in
                        [".It Ic \(key.name) Ar \(key.argument)"] + HelpText(key.help).manual
                    })
            }
        }
    }
}
