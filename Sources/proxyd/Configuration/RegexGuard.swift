/// Refuses regular expressions that a channel's answer could keep busy for ever.
///
/// The matcher backtracks. Repeating something that repeats or has alternatives itself may take time
/// that doubles with every byte; each repetition besides that multiplies it by the length of the text.
enum RegexGuard {
    static let mostBytes = 200
    static let mostRepetitions = 2

    static func judge(_ pattern: String) throws(ValueError) {
        guard (1...mostBytes).contains(pattern.utf8.count) else {
            throw ValueError(
                pattern.isEmpty
                    ? "the regular expression is empty"
                    : "the regular expression has more than \(mostBytes) bytes",
                "write 1 to \(mostBytes) bytes")
        }
        var repetitions = 0
        /// For every open group, whether something in it repeats or has alternatives.
        var open = [false]
        var closed = false
        var isClass = false
        var isEscaped = false
        var isGroupEnd = false
        var previous: Character = "("
        for character in pattern {
            defer { previous = character }
            if isEscaped {
                (isEscaped, isGroupEnd) = (false, false)
                // A reference to a group may be as long as the group.
                if character.isNumber || character == "k" {
                    throw ValueError(
                        "the regular expression refers to one of its groups", "write it without")
                }
                continue
            }
            switch character {
            case "\\": isEscaped = true
            case "[": isClass = true
            case "]": isClass = false
            case _ where isClass: break
            case "(": open.append(false)
            case ")":
                closed = open.count > 1 ? open.removeLast() : false
                open[open.count - 1] = open[open.count - 1] || closed
                isGroupEnd = true
                continue
            case "|": open[open.count - 1] = true
            case "?" where previous == "(": break
            case "*", "+", "{", "?":
                // `*?` and `*+` are one repetition.
                if "*+}?".contains(previous), character == "?" || character == "+" { break }
                if isGroupEnd, closed {
                    throw ValueError(
                        "the regular expression repeats a group in which something repeats",
                        "repeat only single characters and classes")
                }
                repetitions += 1
                open[open.count - 1] = true
            default: break
            }
            isGroupEnd = false
        }
        guard repetitions <= mostRepetitions else {
            throw ValueError(
                "the regular expression repeats in \(repetitions) places",
                "use *, +, ? and {…} at most \(mostRepetitions) times")
        }
    }
}
