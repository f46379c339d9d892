internal import Shared

/// A filter as it was typed, and as it was understood.
///
/// Words without any comparison look for themselves in the columns a person would think of; `!word` for
/// what does not have it. Everything else is the language of the protocol (`Filter`).
struct FilterText: Equatable, Sendable {
    /// What may be filtered.
    struct Fields: Sendable {
        var names: [String]
        var aliases: [String: String] = [:]
        /// Where a bare word is looked for.
        var searched: [String]

        static let channels = Fields(
            names: ChannelSnapshot.columns + Model.rateNames,
            aliases: [
                "id": "path", "chan": "path", "channel": "path", "endpoint": "address",
                "conn": "current", "in": "in_bytes", "out": "out_bytes", "wt": "weight",
                "since": "since_ms", "err": "failed_5m", "new": "new_rate",
                "in_rate": "in_rate_bytes", "out_rate": "out_rate_bytes",
            ], searched: ["path", "state", "address", "label"])
        static let sessions = Fields(
            names: SessionField.names,
            aliases: SessionField.aliases.merging(["chan": "channel", "sid": "id"]) { old, _ in old
            },
            searched: ["id", "client", "channel", "phase", "blame", "stuck"])
        static let events = Fields(
            names: EventSnapshot.columns, searched: ["severity", "subject", "kind", "user", "text"])
    }

    /// As it was typed.
    let text: String
    /// As the protocol wants it, behind `where`.
    let words: [String]
    let filter: Filter

    /// Where it broke, in words.
    struct ParseError: Error, Equatable {
        var message: String
    }

    /// `names`: what channels are called on the screen, and their paths.
    init(_ text: String, _ fields: Fields, names: [String: String] = [:]) throws(ParseError) {
        self.text = text
        let typed: [String]
        do throws(Request.ParseError) {
            typed = try Request(line: Array(text.utf8)).words
        } catch {
            throw ParseError(message: "\(error)")
        }
        let isBare = typed.allSatisfy { word in
            !word.contains { "=<>~()".contains($0) } && !["and", "or", "not"].contains(word)
        }
        let words =
            isBare
            ? Self.searching(typed, fields, names)
            : Self.spelled(Self.renamed(typed, fields), names)
        do throws(Filter.ParseError) {
            filter = try Filter(words: words, fields: fields.names, aliases: fields.aliases)
        } catch {
            throw ParseError(message: "\(error)")
        }
        self.words = words
    }

    private static func searching(
        _ typed: [String], _ fields: Fields, _ names: [String: String]
    ) -> [String] {
        var words: [String] = []
        for word in typed {
            let isNegated = word.hasPrefix("!") && word.count > 1
            let text = isNegated ? String(word.dropFirst()) : word
            if !words.isEmpty { words.append("and") }
            if isNegated { words.append("not") }
            words.append("(")
            for (index, field) in fields.searched.enumerated() {
                if index > 0 { words.append("or") }
                words += [field, "~", text]
            }
            // `0.2` is how the screen calls what the daemon calls `mail/0/2`.
            let column = fields.searched.first { ["path", "channel"].contains($0) }
            if let path = names[text], let column { words += ["or", column, "=", path] }
            words.append(")")
        }
        return words
    }

    /// The screen's name of a channel behind a comparison, as its path.
    private static func spelled(_ words: [String], _ names: [String: String]) -> [String] {
        guard !names.isEmpty else { return words }
        let columns: Set = ["path", "id", "chan", "channel"]
        var column = ""
        return words.map { word in
            let field = String(word.prefix { $0.isLetter || $0 == "_" })
            if columns.contains(field) { column = field }
            let value = String(
                word.dropFirst(columns.contains(field) ? field.count : 0).drop {
                    "=!~".contains($0)
                })
            guard !column.isEmpty, let path = names[value] else {
                if !value.isEmpty { column = "" }
                return word
            }
            column = ""
            return word.dropLast(value.count) + path
        }
    }

    /// The daemon knows fewer short names than the screen.
    private static func renamed(_ typed: [String], _ fields: Fields) -> [String] {
        typed.map { word in
            let name = word.prefix { $0.isLetter || $0 == "_" }
            // A time under another name has to keep its unit's rule, so only plain columns are renamed.
            guard ["chan", "sid"].contains(name), let column = fields.aliases[String(name)] else {
                return word
            }
            return column + word.dropFirst(name.count)
        }
    }
}

extension Model {
    func filterText(of page: Page) -> String {
        switch page {
        case .channels: channelFilter?.text ?? ""
        case .connections: data.window.filter?.text ?? ""
        case .events: selection.eventFilter?.text ?? ""
        case .overview, .detail: ""
        }
    }

    static func fields(of page: Page) -> FilterText.Fields? {
        switch page {
        case .channels: .channels
        case .connections: .sessions
        case .events: .events
        case .overview, .detail: nil
        }
    }
}
