/// Making a text fit, by cells.
enum Cutting {
    /// Cut at the end, with a mark.
    static func end(_ text: String, width: Int, _ glyphs: Glyphs) -> String {
        guard width > 0 else { return "" }
        guard CellWidth.of(text) > width else { return text }
        return prefix(text, width: width - 1) + String(glyphs.cut)
    }

    /// Cut in the middle, so that an address keeps its beginning and its port.
    static func middle(_ text: String, width: Int, _ glyphs: Glyphs) -> String {
        guard CellWidth.of(text) > width else { return text }
        guard width > 2 else { return prefix(text, width: width) }
        let tail = suffix(text, width: (width - 1) / 2)
        return prefix(text, width: width - 1 - CellWidth.of(tail)) + String(glyphs.cut) + tail
    }

    /// Broken at blanks, so that no line is wider; a word that is wider by itself is cut.
    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let longer = line.isEmpty ? String(word) : line + " " + word
            if CellWidth.of(longer) <= width {
                line = longer
            } else {
                if !line.isEmpty { lines.append(line) }
                line = prefix(String(word), width: width)
            }
        }
        return lines + (line.isEmpty && !lines.isEmpty ? [] : [line])
    }

    private static func prefix(_ text: String, width: Int) -> String {
        var taken = String.UnicodeScalarView()
        var used = 0
        CellWidth.visit(text, isASCII: false) { scalar, cells in
            guard used + cells <= width else { return false }
            used += cells
            taken.append(scalar)
            return true
        }
        return String(taken)
    }

    private static func suffix(_ text: String, width: Int) -> String {
        var all: [(scalar: Unicode.Scalar, cells: Int)] = []
        CellWidth.visit(text, isASCII: false) { scalar, cells in
            all.append((scalar, cells))
            return true
        }
        var used = 0
        var taken: [Unicode.Scalar] = []
        for (scalar, cells) in all.reversed() {
            guard used + cells <= width else { break }
            used += cells
            taken.append(scalar)
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: taken.reversed())
        return String(text)
    }
}
