internal import Shared

/// Replies as comma-separated values (RFC 4180).
enum CSVText {
    /// A table with its header, or a text's lines as records of one field.
    static func text(_ table: Table?, _ lines: [String]) -> String {
        let records = table.map { [$0.columns] + $0.rows } ?? lines.map { [$0] }
        return records.map { $0.map { PlainText.csvField($0) }.joined(separator: ",") + "\r\n" }
            .joined()
    }
}
