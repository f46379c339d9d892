/// What the operator's own file says: `key = value` lines, `#` before what is for people. Options on the command line
/// come first.
struct Settings: Sendable {
    /// Where and how a file is wrong.
    struct ParseError: Error, Equatable, CustomStringConvertible {
        var line: Int
        var problem: String

        var description: String { "line \(line): \(problem)" }
    }

    /// A setting that the command line has as an option, too.
    enum Name: String, CaseIterable, Sendable {
        case interval, view, glyphs, theme, sync, bell, mono, mouse, a11y, lean
        case hideClients = "hide-clients"
        case columns
        case connectionColumns = "connection-columns"
    }

    /// A larger file is not read as settings.
    static let mostBytes = 256 << 10

    private(set) var values: [Name: String] = [:]
    private(set) var keys = KeyMap.standard

    init() {}

    init(_ text: String) throws(ParseError) {
        var lastLine = 0
        for (index, raw) in text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            let line = raw.drop { $0 == " " || $0 == "\t" }
            if line.isEmpty || line.hasPrefix("#") { continue }
            lastLine = index + 1
            guard let sign = line.firstIndex(of: "=") else {
                throw ParseError(line: lastLine, problem: "write it as key = value")
            }
            let name = Self.trimmed(line[..<sign])
            try read(name, Self.trimmed(line[line.index(after: sign)...]), line: lastLine)
        }
        do throws(KeyMap.ParseError) {
            try keys.check()
        } catch {
            throw ParseError(line: lastLine, problem: error.problem)
        }
    }

    private mutating func read(_ name: String, _ value: String, line: Int) throws(ParseError) {
        if name.hasPrefix("key.") {
            do throws(KeyMap.ParseError) {
                try keys.give(String(name.dropFirst(4)), value)
            } catch {
                throw ParseError(line: line, problem: error.problem)
            }
            return
        }
        guard let known = Name(rawValue: name) else {
            let all = Name.allCases.map(\.rawValue).joined(separator: " ")
            throw ParseError(
                line: line,
                problem: "there is no setting “\(name)”; there are \(all) and key.ACTION")
        }
        guard values[known] == nil else {
            throw ParseError(line: line, problem: "\(name) is set twice")
        }
        if let problem = Self.problem(of: known, value) {
            throw ParseError(line: line, problem: "\(name): \(problem)")
        }
        values[known] = value
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank = { (letter: Character) in letter == " " || letter == "\t" || letter == "\r" }
        return String(String(text.drop(while: isBlank).reversed().drop(while: isBlank)).reversed())
    }

    /// Why a value cannot be; nil: it can.
    static func problem(of name: Name, _ value: String) -> String? {
        func oneOf(_ words: [String]) -> String? {
            words.contains(value)
                ? nil
                : "“\(value)” is not \(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")"
        }
        switch name {
        case .interval:
            guard let seconds = Double(value), (0.25...60).contains(seconds) else {
                return "\(value) is not between 0.25 and 60 seconds"
            }
            return nil
        case .view: return oneOf(["overview", "channels", "conns", "events", "auto"])
        case .glyphs: return oneOf(Glyphs.allCases.map(\.rawValue) + ["auto"])
        case .theme:
            let problem = oneOf(Theme.allCases.map(\.rawValue).filter { $0 != "mono" })
            return problem.map { $0 + "; mono is without colours" }
        case .sync: return oneOf(["auto", "on", "off"])
        case .bell: return oneOf(Bell.allCases.map(\.rawValue))
        case .mono, .mouse, .a11y, .lean, .hideClients: return oneOf(["yes", "no"])
        case .columns: return ColumnChoice<Column.Content>.problem(of: value)
        case .connectionColumns: return ColumnChoice<SessionColumn.Content>.problem(of: value)
        }
    }

    /// What holds when neither the command line nor the file says anything.
    static func standard(_ name: Name) -> String {
        switch name {
        case .interval: "1"
        case .view, .glyphs, .sync: "auto"
        case .theme: "dark"
        case .bell: Bell.lost.rawValue
        case .mono, .mouse, .a11y, .lean, .hideClients: "no"
        case .columns, .connectionColumns: ColumnWords.auto
        }
    }

    subscript(name: Name) -> String { values[name] ?? Self.standard(name) }

    func isSet(_ name: Name) -> Bool { values[name] != nil }

    func isOn(_ name: Name) -> Bool { self[name] == "yes" }

    /// What the command line says comes first.
    mutating func override(_ name: Name, _ value: String?) {
        if let value { values[name] = value }
    }

    /// As a file that would say the same.
    var text: String {
        let lines = Name.allCases.map { "\($0.rawValue) = \(self[$0])" } + [""] + keys.lines
        return lines.map { $0 + "\n" }.joined()
    }
}

/// When the terminal's bell rings.
enum Bell: String, CaseIterable, Sendable {
    case off
    /// When the link is lost.
    case lost
    /// And once for each new problem.
    case down
}
