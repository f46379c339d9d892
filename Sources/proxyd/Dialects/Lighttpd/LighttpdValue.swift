/// A value of lighttpd's configuration language.
indirect enum LighttpdValue: Equatable, Sendable {
    case text(String)
    case number(Int)
    /// `( "key" => value, value, … )`.
    case list([LighttpdEntry])

    /// What is written for it, short enough for a message.
    var shown: String {
        switch self {
        case .text(let text): "\"\(text.prefix(60))\""
        case .number(let number): String(number)
        case .list(let entries): "( \(entries.prefix(3).map(\.shown).joined(separator: ", ")) )"
        }
    }

    /// Switches are texts.
    var isEnabled: Bool { self == .text("enable") || self == .text("true") }

    /// A number may stand in quotes.
    var number: Int? {
        switch self {
        case .number(let number): return number
        case .text(let text):
            let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            return isNumber ? Int(text) : nil
        case .list: return nil
        }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var entries: [LighttpdEntry]? { if case .list(let entries) = self { entries } else { nil } }

    /// What `+` and `+=` make of two; nil: they do not go together.
    func joined(with other: LighttpdValue) -> LighttpdValue? {
        switch (self, other) {
        case (.list(let own), .list(let others)): .list(own + others)
        case (.list(let own), _): .list(own + [LighttpdEntry(key: nil, value: other)])
        case (.number(let own), .number(let other)):
            own.addingReportingOverflow(other).overflow ? nil : .number(own + other)
        case (.text(let own), .text(let other)): .text(own + other)
        case (.text(let own), .number(let other)): .text(own + String(other))
        case (.number(let own), .text(let other)): .text(String(own) + other)
        case (_, .list): nil
        }
    }
}

struct LighttpdEntry: Equatable, Sendable {
    var key: String?
    var value: LighttpdValue

    fileprivate var shown: String { (key.map { "\"\($0)\" => " } ?? "") + value.shown }
}

/// A directive's value, and where it was given last.
struct LighttpdSetting: Equatable, Sendable {
    var value: LighttpdValue
    /// `FILE:LINE`.
    var place: String
}

/// The directives of one scope, by their names.
typealias LighttpdScope = [String: LighttpdSetting]

/// `$SERVER["socket"] == ADDRESS { … }`.
struct LighttpdSocket: Equatable, Sendable {
    var address: String
    var place: String
    var scope: LighttpdScope
}

/// What is wrong with a lighttpd configuration file.
struct LighttpdError: Error, Equatable {
    /// `FILE:LINE`; empty: the file as a whole.
    var place: String
    var problem: String

    init(at place: String, _ problem: String) {
        self.place = place
        self.problem = problem
    }
}
