/// A word of a tcprelay configuration file, and where it stands.
struct TcprelayToken: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case word, quoted
        /// One of `= { } ( ) [ ] , ! & |`.
        case symbol
        case end
    }

    var kind: Kind
    var text: String
    var file: String
    /// From 1 on. The original counts from 0.
    var line: Int

    var place: String { "\(file):\(line)" }

    /// A keyword or a symbol: what stands in quotes is neither.
    func isPlain(_ word: String) -> Bool { kind != .quoted && kind != .end && text == word }

    /// What people see of it.
    var shown: String { kind == .end ? "end of file" : String(text.prefix(80)) }
}

/// What is wrong with a tcprelay configuration, in the original's shape.
struct TcprelayError: Error, Equatable {
    /// `FILE:LINE`, or the file.
    var place: String
    var problem: String
    var status = TcprelayStatus.configuration

    init(at place: String, _ problem: String, status: TcprelayStatus = .configuration) {
        self.place = place
        self.problem = problem
        self.status = status
    }

    init(expected words: [String], butGot token: TcprelayToken) {
        place = token.place
        let known = words.map { "'\($0)'" }
        let list =
            known.count > 1
            ? known.dropLast().joined(separator: ", ") + " or " + (known.last ?? "")
            : known.first ?? ""
        var text = "Expected \(list), but got '\(token.shown)'."
        if token.kind == .word, let near = NearestWord.nearest(to: token.text, among: words) {
            text += " Did you mean '\(near)'?"
        }
        problem = text
    }

    init(expected noun: String, butGot token: TcprelayToken) {
        place = token.place
        problem = "Expected \(noun), but got '\(token.shown)'."
    }
}

/// How tcprelay ends: the codes of sysexits.h that it uses.
enum TcprelayStatus: Int32, Equatable, Sendable {
    case good = 0
    case usage = 64
    case noInput = 66
    case unavailable = 69
    case software = 70
    case system = 71
    case temporary = 75
    case configuration = 78
}
