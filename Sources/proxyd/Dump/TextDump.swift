/// Traffic as balance 3.54 prints it with `-p`: `-> LEN` or `-< LEN`, then the bytes.
struct TextDump {
    private var note = DumpNote()

    mutating func write(_ record: TapRecord, into lines: inout [String]) {
        lines += note.lines(for: record)
        switch record.event {
        case .moved(let side, let bytes):
            lines.append(Self.head(side, bytes.count))
            Self.append(bytes, to: &lines)
        case .ended(let side):
            lines.append(Self.head(side, 0))
            lines.append("")
        case .began, .gap, .closed:
            break
        }
    }

    /// `->` is from the client to the channel; the end of a stream has the length 0.
    static func head(_ side: Side, _ length: Int) -> String {
        "\(side == .client ? "->" : "-<") \(length)"
    }

    /// Printable ASCII as it is, a backslash doubled, every other byte as `\XX`; a new line after a
    /// line feed and after more than `widest` columns.
    static func append(_ bytes: some Sequence<UInt8>, to lines: inout [String]) {
        var line: [UInt8] = []
        line.reserveCapacity(Self.widest + 4)
        func end() {
            lines.append(String(decoding: line, as: UTF8.self))
            line.removeAll(keepingCapacity: true)
        }
        for byte in bytes {
            switch byte {
            case backslash: line += [backslash, backslash]
            case 0x20...0x7E: line.append(byte)
            default:
                line.append(backslash)
                line.append(digits[Int(byte >> 4)])
                line.append(digits[Int(byte & 15)])
            }
            if byte == lineFeed || line.count > Self.widest { end() }
        }
        end()
    }

    static let widest = 80
    private static let backslash = UInt8(ascii: "\\")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let digits = Array("0123456789ABCDEF".utf8)
}
