/// Finds texts that Yams would be busy with for ever.
///
/// Yams shares what aliases stand for, so they cost nothing by themselves. But it compares the keys of
/// a map whole, and a key that is a list of lists of aliases never ends. We have no such keys, so a
/// text that seems to have one, and aliases enough to do harm, is refused before it is read.
enum AliasGuard {
    /// So few aliases stand for a few hundred values at most.
    private static let harmless = 16

    /// The first line where an alias, a list or a map may be a key; nil when there is no danger.
    static func suspiciousLine(in text: String) -> Int? {
        var suspect: Int?
        var aliases = 0
        var line = 1
        /// The quote that ends the text we are in.
        var quote: UInt8?
        var isComment = false
        var isEscaped = false
        /// Whether a colon now would make a key of an alias, a list or a map.
        var endsKey = false
        var previous = UInt8(ascii: "\n")
        for byte in text.utf8 {
            defer { previous = byte }
            if byte == UInt8(ascii: "\n") {
                (line, isComment, endsKey) = (line + 1, false, false)
                continue
            }
            if isComment { continue }
            if let open = quote {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\"), open == UInt8(ascii: "\"") {
                    isEscaped = true
                } else if byte == open {
                    quote = nil
                }
                continue
            }
            let begins = " \n\t[{,:-?".utf8.contains(previous)
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): if begins { quote = byte }
            case UInt8(ascii: "#"): isComment = previous == 0x20 || previous == 0x0A
            case UInt8(ascii: "*") where begins:
                aliases += 1
                endsKey = true
            case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"): endsKey = false
            case UInt8(ascii: "]"), UInt8(ascii: "}"): endsKey = true
            case UInt8(ascii: ":") where endsKey: suspect = suspect ?? line
            case UInt8(ascii: "?") where begins: suspect = suspect ?? line
            default: break
            }
        }
        return aliases > harmless ? suspect : nil
    }
}
