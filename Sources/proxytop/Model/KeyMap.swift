/// Which key does what: the table of bindings, with the keys that the operator's own file gives them.
struct KeyMap: Sendable {
    /// What is wrong with a line of the file, in words.
    struct ParseError: Error, Equatable {
        var problem: String
    }

    static let standard = KeyMap(Binding.all)

    private(set) var bindings: [Binding]
    private var byKey: [Key: [Binding]] = [:]

    private init(_ bindings: [Binding]) {
        self.bindings = bindings
        for binding in bindings {
            for key in binding.keys { byKey[key, default: []].append(binding) }
        }
    }

    func command(for key: Key, on page: Page) -> Binding.Command? {
        byKey[key]?.first { $0.pages.contains(page) }?.command
    }

    /// Gives an action other keys: names as in the help with blanks between them, or `none`.
    mutating func give(_ action: String, _ keys: String) throws(ParseError) {
        guard let index = bindings.firstIndex(where: { $0.name == action }) else {
            let near = bindings.map(\.name).filter { $0.hasPrefix(action.prefix(2)) }
            let hint = near.isEmpty ? "--print-config lists them" : near.joined(separator: " ")
            throw ParseError(problem: "there is no action “\(action)”; \(hint)")
        }
        var given: [Key] = []
        for word in keys.split(separator: " ") where keys != "none" {
            guard let key = Self.named[String(word)] else {
                throw ParseError(
                    problem:
                        "“\(word)” is not a key; write keys as in the help: D, Ctrl-D, F8, PgUp")
            }
            given.append(key)
        }
        guard !given.isEmpty || keys == "none" else {
            throw ParseError(problem: "a key is missing; “none” takes all keys from an action")
        }
        var changed = bindings
        changed[index].keys = given
        self = KeyMap(changed)
    }

    /// A key must not do two things in one view. Looked at when all of the file has been read, so that two
    /// actions may exchange their keys.
    func check() throws(ParseError) {
        for (key, owners) in byKey where owners.count > 1 {
            for (place, first) in owners.enumerated() {
                for second in owners.dropFirst(place + 1)
                where !first.pages.isDisjoint(with: second.pages) {
                    throw ParseError(
                        problem: "\(key.name) is given to \(first.name) and to \(second.name)")
                }
            }
        }
        for needed in [Binding.Command.help, .quit]
        where bindings.contains(where: { $0.command == needed && $0.keys.isEmpty }) {
            throw ParseError(problem: "help and quit need a key")
        }
    }

    /// The lines of the file that would make this table.
    var lines: [String] {
        bindings.map { binding in
            let keys = binding.keys.map(\.name).joined(separator: " ")
            return "key.\(binding.name) = \(keys.isEmpty ? "none" : keys)"
        }
    }

    /// Every key that can be given to something, by its name.
    private static let named: [String: Key] = {
        var keys: [Key] = [
            .up, .down, .left, .right, .home, .end, .pageUp, .pageDown, .enter, .escape, .tab,
            .backTab,
        ]
        keys += (0x21...0x7E).compactMap { Unicode.Scalar(UInt32($0)).map { .character($0) } }
        keys += [.character(" ")]
        keys += "abcdefghijklmnopqrstuvwxyz".unicodeScalars.map { .control($0) }
        keys += (1...12).map { .function($0) }
        // In raw mode these are the same bytes as Enter, Tab and Backspace.
        let impossible: Set<Key> = [.control("m"), .control("j"), .control("i"), .control("h")]
        return Dictionary(
            keys.filter { !impossible.contains($0) }.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first })
    }()
}

extension Binding {
    /// As the file of settings calls it: `half-down`, `view-overview`.
    var name: String {
        if case .show(let page) = command { return "view-\(page.title.lowercased())" }
        var name = ""
        for letter in String(describing: command) {
            if letter.isUppercase { name += "-" }
            name += letter.lowercased()
        }
        return name
    }
}
