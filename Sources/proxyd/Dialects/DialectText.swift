internal import Shared

extension DialectPlan {
    /// The file that means the same, with comments: what differs, and how it is to be run.
    func yaml(for call: DialectCall) -> String {
        let words = ([call.dialect.rawValue] + call.arguments).map(Self.quoted)
        var lines = ["proxyd translate " + words.joined(separator: " ")]
        lines += ["", "Run it with: proxyd run FILE" + options.words.map { " \($0)" }.joined()]
        if !notes.isEmpty {
            lines += ["", "What differs, or is not in this file:"]
            for note in notes { lines += ["  \(note.subject): \(note.text)"] }
        }
        return lines.map { Self.comment($0) }.joined()
            + ConfigurationText.yaml(configuration)
    }

    /// One line, whatever is in the text.
    private static func comment(_ text: String) -> String {
        let line = String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.isPlain ? $0 : "?" }))
        return line.isEmpty ? "#\n" : "# \(line)\n"
    }

    /// As a shell would read it.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || "/._-+@%:,=[]".utf8.contains($0)
        }
        if isPlain, !word.isEmpty { return word }
        return "'"
            + word.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }
}

extension UnicodeScalar {
    /// Neither ends a line nor is forbidden in YAML.
    fileprivate var isPlain: Bool {
        switch value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD,
            0x10000...0x10FFFF:
            true
        default: false
        }
    }
}
