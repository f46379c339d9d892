internal import Shared

/// Replies as comma-separated values (RFC 4180).
enum CSVText {
    /// A table with its header, or a text's lines as records of one field.
    static func text(_ table: Table?, _ lines: [String]) -> String {
        let records = table.map { [$0.columns] + $0.rows } ?? lines.map { [$0] }
        return records.map { $0.map { field($0) }.joined(separator: ",") + "\r\n" }.joined()
    }

    private static func field(_ text: String) -> String {
        let special: Set<UInt8> = [0x0A, 0x0D, 0x22, 0x2C]
        guard text.utf8.contains(where: { special.contains($0) }) else { return text }
        let doubled = text.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
        return "\"\(doubled)\""
    }
}
