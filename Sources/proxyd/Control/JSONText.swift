internal import Shared

/// Replies as JSON (RFC 8259): `{"attributes":{…},"rows":[{…},…]}`, or `"lines"` where there is no table.
enum JSONText {
    /// Columns and attributes that are texts even where a value has digits only, such as a
    /// channel that is called by its index.
    private static let texts: Set<String> = [
        "name", "path", "field", "from", "to", "address", "client", "listener", "channel", "label",
        "why", "by", "host", "environment", "role",
    ]

    static func reply(
        _ table: Table?, _ lines: [String], _ attributes: [Reply.Attribute]
    ) -> String {
        let members = attributes.map { member($0.name, $0.value) }.joined(separator: ",")
        let head = "{\"attributes\":{\(members)}"
        guard let table else {
            return head
                + ",\"lines\":[\(lines.map { JSONString.quoted($0) }.joined(separator: ","))]}"
        }
        return head + ",\"rows\":\(rows(table))}"
    }

    /// A line per row, so that they can be read and compared.
    static func rows(_ table: Table) -> String {
        let rows = table.rows.map { row in
            let members = zip(table.columns, row).map { member($0, $1) }
            return "\n{\(members.joined(separator: ","))}"
        }
        return "[\(rows.joined(separator: ","))\(rows.isEmpty ? "" : "\n")]"
    }

    private static func member(_ name: String, _ value: String) -> String {
        "\(JSONString.quoted(name)):\(self.value(value, isText: texts.contains(name)))"
    }

    /// `-` is null, an integer a number, everything else a text.
    static func value(_ text: String, isText: Bool) -> String {
        if text == Table.absent { return "null" }
        // Only what a number would be written back as: `007` and `+7` are texts.
        let isInteger =
            UInt64(text).map { String($0) } == text || Int64(text).map { String($0) } == text
        return isInteger && !isText ? text : JSONString.quoted(text)
    }
}
