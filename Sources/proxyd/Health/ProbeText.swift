/// What a channel has said, made fit for a line that people read.
enum ProbeText {
    /// Bytes shown; what follows is left out.
    static let longest = 48

    /// In quotes, with escapes for what is not printable ASCII, and an ellipsis where it was cut.
    static func quoted(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        var count = 0
        for byte in bytes {
            guard count < longest else {
                text += "…"
                break
            }
            count += 1
            switch byte {
            case 0x0D: text += "\\r"
            case 0x0A: text += "\\n"
            case 0x09: text += "\\t"
            case 0x5C: text += "\\\\"
            case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return "“\(text)”"
    }

    static func quoted(_ text: String) -> String { quoted(text.utf8) }
}
