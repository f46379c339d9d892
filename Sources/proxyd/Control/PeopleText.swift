internal import Shared

/// Replies as people read them: columns aligned, numbers to the right.
enum PeopleText {
    static func text(
        _ table: Table?, _ lines: [String], _ attributes: [Reply.Attribute]
    ) -> String {
        guard let table else {
            if lines.isEmpty { return self.attributes(attributes) }
            return lines.map { PlainText.cleaned($0, keeping: ["\t"]) + "\n" }.joined()
        }
        let more = attributes.filter { !ReplyFormat.common.contains($0.name) }
        let footer = more.map { "\($0.name)=\(PlainText.cleaned($0.value))" }.joined(separator: " ")
        return aligned(table) + (footer.isEmpty ? "" : footer + "\n")
    }

    /// What a command without lines has to say.
    private static func attributes(_ attributes: [Reply.Attribute]) -> String {
        let isPlain = attributes.allSatisfy { ReplyFormat.common.contains($0.name) }
        guard !isPlain else { return "" }
        let width = attributes.map { columnWidth($0.name) }.max() ?? 0
        return attributes.map { attribute in
            let gap = String(repeating: " ", count: width - columnWidth(attribute.name) + 2)
            return "\(attribute.name)\(gap)\(PlainText.cleaned(attribute.value))\n"
        }.joined()
    }

    static func aligned(_ table: Table) -> String {
        let rows = ([table.columns] + table.rows).map { $0.map { PlainText.cleaned($0) } }
        let count = table.columns.count
        let widths = (0..<count).map { column in rows.map { columnWidth($0[column]) }.max() ?? 0 }
        let areNumbers = (0..<count).map { column in
            let cells = table.rows.map { $0[column] }.filter { $0 != Table.absent }
            return !cells.isEmpty && cells.allSatisfy { isNumber($0) }
        }
        var text = ""
        for row in rows {
            let cells = (0..<count).map { column in
                let gap = String(repeating: " ", count: widths[column] - columnWidth(row[column]))
                return areNumbers[column] ? gap + row[column] : row[column] + gap
            }
            var line = cells.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            text += line + "\n"
        }
        return text
    }

    private static func isNumber(_ text: String) -> Bool {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
        return !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
    }

    private static func columnWidth(_ text: String) -> Int { text.count }
}
