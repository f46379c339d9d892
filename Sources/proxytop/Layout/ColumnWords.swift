/// A column that an operator can take off or ask for, by its name in files.
protocol NamedColumn: Hashable, Sendable, CaseIterable, RawRepresentable<String> {
    /// Without it a row would not say what it is about.
    var isFixed: Bool { get }
}

enum ColumnWords {
    /// The width of the screen chooses.
    static let auto = "auto"
}

/// A choice of columns as words: `+rtt` is wanted, `-blame` is hidden.
extension ColumnChoice where Content: NamedColumn {
    var words: String {
        (wanted.map { "+" + $0.rawValue } + hidden.map { "-" + $0.rawValue }).sorted()
            .joined(separator: " ")
    }

    /// What is not known is passed over.
    init(words: String) {
        self.init()
        for word in words.split(separator: " ") {
            guard let content = Content(rawValue: String(word.dropFirst())), !content.isFixed else {
                continue
            }
            toggle(content, isShown: word.first == "-")
        }
    }

    /// Why these words cannot be chosen; nil: they can.
    static func problem(of words: String) -> String? {
        guard words != ColumnWords.auto else { return nil }
        let names = Content.allCases.filter { !$0.isFixed }.map(\.rawValue)
        for word in words.split(separator: " ") {
            guard let sign = word.first, sign == "+" || sign == "-" else {
                return "“\(word)” has no sign: +\(word) asks for it, -\(word) leaves it out"
            }
            guard names.contains(String(word.dropFirst())) else {
                return "there is no column “\(word.dropFirst())” to choose; there are "
                    + names.joined(separator: " ")
            }
        }
        return words.isEmpty ? "\(ColumnWords.auto), or +COLUMN -COLUMN" : nil
    }
}
