internal import Yams

/// From text to a tree, and YAML's own mistakes in our words.
enum YAMLText {
    static func compose(_ text: String, fileName: String) throws(ConfigurationErrors) -> Node {
        if let line = AliasGuard.suspiciousLine(in: text) {
            throw errors(
                at: Place(file: fileName, line: line, column: 1),
                "a list, a map or an alias cannot be a key", "write a word")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text, .basic, .default, .utf8)
        } catch let error as YamlError {
            throw described(error, text: text, fileName: fileName)
        } catch {
            throw errors(
                at: Place(file: fileName, line: 1, column: 1), "not valid YAML: \(error)", nil)
        }
        guard let root else {
            throw errors(
                at: Place(file: fileName, line: 1, column: 1), "the file is empty",
                "write at least one service under “services”")
        }
        return root
    }

    private static func errors(
        at place: Place, _ problem: String, _ remedy: String?
    ) -> ConfigurationErrors {
        ConfigurationErrors(errors: [
            ConfigurationError(location: place.text, problem: problem, remedy: remedy)
        ])
    }

    private static func described(
        _ error: YamlError, text: String, fileName: String
    ) -> ConfigurationErrors {
        switch error {
        case .composer(_, let problem, let mark, _) where problem.contains("another document"):
            return errors(
                at: Place(file: fileName, line: mark.line, column: mark.column),
                "a second document begins here", "remove everything from the “---” on")
        case .parser(_, let problem, let mark, _) where problem.contains("nesting level"):
            return errors(
                at: Place(file: fileName, line: mark.line, column: mark.column),
                "lists and maps are nested too deep", "a service needs no more than six levels")
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return errors(
                at: Place(file: fileName, line: mark.line, column: mark.column),
                "not valid YAML: \(problem)", remedy(problem, context))
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = before.reduce(1) { $1.isNewline ? $0 + 1 : $0 }
            let column = before.reversed().prefix { !$0.isNewline }.count + 1
            return errors(
                at: Place(file: fileName, line: line, column: column),
                "not valid YAML: \(problem)", "remove the character, or write it as an escape")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.first ?? ""
            let line = secondLine(of: key, after: context.mark, in: text) ?? context.mark.line
            return errors(
                at: Place(file: fileName, line: line, column: context.mark.column),
                "the key “\(key)” is there twice", "keep one of the two")
        default:
            return errors(
                at: Place(file: fileName, line: 1, column: 1), "not valid YAML: \(error)", nil)
        }
    }

    private static func remedy(_ problem: String, _ place: YamlError.Context?) -> String {
        let context = place?.text ?? ""
        switch true {
        case context.contains("quoted scalar"):
            return "close the quote that is opened on line \(place?.mark.line ?? 1)"
        case context.contains("alias"), context.contains("anchor"):
            return "write a text that begins with “*” or “&” in quotes, as in \"*:80\""
        case problem.contains("cannot start any token"), problem.contains("tab character"):
            return "indent with spaces, not tabs, and put texts with special characters in quotes"
        case problem.contains("undefined alias"):
            return "define it before with &NAME, or put a text that begins with “*” in quotes"
        case problem.contains("mapping values are not allowed"):
            return "check the indentation, and put texts with “: ” in quotes"
        case context.contains("flow"):
            return "check that every [ and { is closed, and put texts that begin with one in quotes"
        default: return "check the indentation, and put texts that begin with “[” or “{” in quotes"
        }
    }

    /// Yams reports where the first of two equal keys is. In block style the second stands at the same
    /// column, and between the two everything of other maps is further to the right.
    private static func secondLine(of key: String, after mark: Mark, in text: String) -> Int? {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated().dropFirst(mark.line) {
            let rest = line.unicodeScalars.dropFirst(mark.column - 1)
            let indent = line.unicodeScalars.prefix(mark.column - 1)
            if indent.allSatisfy({ $0 == " " }), String(rest).hasPrefix(key + ":") {
                return index + 1
            }
        }
        return nil
    }
}
