import Foundation
import Testing

/// `docs/architecture.md` names symbols; a reader who greps for one has to find it.
@Suite("the walks of docs/architecture.md")
struct ArchitectureTests {
    /// Headings of the sections whose symbols are looked up.
    static let walks = [
        "One byte, in reading order", "One configuration key, in reading order",
        "One key press, in reading order", "A change, in reading order",
        "An upgrade, in reading order",
    ]

    @Test("every symbol of a walk is declared in Sources", arguments: walks)
    func symbols(walk: String) throws {
        let section = try #require(try Self.section(walk), "no section “\(walk)”")
        let symbols = Self.symbols(of: section)
        #expect(symbols.count >= 4, "“\(walk)” names \(symbols)")
        let files = try SourceFile.all()
        for symbol in symbols {
            let parts = symbol.split(separator: ".").map(String.init)
            let type = parts.first { $0.first?.isUppercase == true }
            let member = parts.last.flatMap { $0.first?.isLowercase == true ? $0 : nil }
            let homes = files.filter { file in
                guard let type else { return true }
                return file.ownTypes.contains(type) || file.extensionMembers[type] != nil
            }
            #expect(!homes.isEmpty, "“\(walk)” names \(symbol), and no file declares that type")
            guard let member else { continue }
            #expect(
                homes.contains { file in
                    file.members.contains(member)
                        || file.extensionMembers.values.contains { $0.contains(member) }
                }, "“\(walk)” names \(symbol), and nothing declares that member")
        }
    }

    @Test("the files on a session's path exist, and there are at most 18 of them")
    func path() throws {
        let section = try #require(try Self.section("One byte, in reading order"))
        let named = Self.quoted(in: section).filter { $0.hasSuffix(".swift") }
        #expect((8...18).contains(named.count), "\(named.count) files: \(named)")
        let known = try Set(SourceFile.all().map(\.path))
        for path in named { #expect(known.contains("proxyd/" + path), "no file \(path)") }
        #expect(Set(named).count == named.count)
    }

    // MARK: The page

    /// The text under a heading, up to the next one of its level.
    private static func section(_ heading: String) throws -> Substring? {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: package.appendingPathComponent("docs/architecture.md"), encoding: .utf8)
        guard let start = page.range(of: "\n## \(heading)\n") else { return nil }
        let rest = page[start.upperBound...]
        return rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)]
    }

    /// What stands between backticks.
    private static func quoted(in text: Substring) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }

    /// Types, members, and members of types: neither files, commands, keys of the file nor options.
    private static func symbols(of text: Substring) -> [String] {
        quoted(in: text).map { $0.replacing("()", with: "") }.filter { word in
            !word.hasSuffix(".swift") && !word.isEmpty
                && word.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." }
                && word.contains { $0.isUppercase }
        }
    }
}
