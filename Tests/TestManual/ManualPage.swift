package import Foundation

/// A page of `docs/man`, as far as a test has to know it: sections, and what its lists describe.
package struct ManualPage {
    /// An item of a list: the macro that it begins with (`Ic`, `Fl`, `Cm`), and the words behind it.
    package struct Item: Equatable {
        package var section: String
        package var macro: String
        package var words: String
    }

    package let items: [Item]
    package let path: String

    package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/man")

    package init(_ name: String) throws {
        let file = Self.folder.appendingPathComponent(name)
        path = file.path
        var section = ""
        var items: [Item] = []
        for line in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n") {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            switch words.first {
            case ".Sh", ".Ss": section = words.dropFirst().joined(separator: " ")
            case ".It" where words.count == 3:
                items.append(
                    Item(
                        section: section, macro: String(words[1]), words: Self.plain(words[2])))
            default: break
            }
        }
        self.items = items
    }

    /// Items that begin with this macro, by section.
    package func sections(of macro: String) -> [String: [String]] {
        Dictionary(grouping: items.filter { $0.macro == macro }, by: \.section)
            .mapValues { $0.map(\.words) }
    }

    /// Without the escapes of mandoc_char(7).
    private static func plain(_ text: Substring) -> String {
        text.replacingOccurrences(of: "\\&", with: "")
            .replacingOccurrences(of: "\\(ga", with: "`")
            .replacingOccurrences(of: "\\e", with: "\\")
    }
}
