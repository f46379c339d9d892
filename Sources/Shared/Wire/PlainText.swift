/// Cleans text that peers chose before it goes to a terminal or a spreadsheet: it cannot move the cursor, change the
/// terminal, reverse the direction of writing, forge a line or be taken for a formula.
package enum PlainText {
    /// Controls (C0, DEL, C1), marks that change the direction of writing, and separators of lines and paragraphs.
    package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x20, 0x7F...0x9F, 0x61C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// With a question mark in place of each unsafe character.
    package static func cleaned(_ text: String, keeping kept: Set<Unicode.Scalar> = []) -> String {
        guard text.unicodeScalars.contains(where: { isUnsafe($0) && !kept.contains($0) }) else {
            return text
        }
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            plain.append(isUnsafe(scalar) && !kept.contains(scalar) ? "?" : scalar)
        }
        return String(plain)
    }

    /// A field of comma-separated values (RFC 4180). An apostrophe is put before text that a spreadsheet would take for
    /// a formula; numbers, and the dash that stands for an absent value, are left as they are.
    package static func csvField(_ text: String) -> String {
        let isFormula =
            text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
        var field = cleaned(text, keeping: ["\t", "\n", "\r"])
        if isFormula, text != "-", !isNumber(text) { field = "'" + field }
        let special: Set<UInt8> = [0x0A, 0x0D, 0x22, 0x2C]
        guard field.utf8.contains(where: { special.contains($0) }) else { return field }
        let doubled = field.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
        return "\"\(doubled)\""
    }

    private static func isNumber(_ text: String) -> Bool {
        let digits =
            text.utf8.first == 0x2D || text.utf8.first == 0x2B
            ? text.utf8.dropFirst() : text.utf8[...]
        return digits.first.map { (0x30...0x39).contains($0) } ?? false
            && digits.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
            && digits.count { $0 == 0x2E } < 2
    }
}
