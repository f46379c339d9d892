/// One counted answer of the daemon.
package enum Reply: Equatable, Sendable {
    case ok(attributes: [Attribute], lines: [String])
    case error(ErrorCode, message: String)

    package struct Attribute: Equatable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package enum ErrorCode: String, Sendable, CaseIterable {
        case usage, unknown, notFound = "not-found", forbidden, conflict, invalid, busy, `internal`
    }

    /// A table: its columns' names first, then a line per row.
    package static func table(_ table: Table, attributes: [Attribute] = []) -> Reply {
        .ok(attributes: attributes, lines: table.lines)
    }

    /// The first line of an `OK`, with its end.
    package static func head(lineCount: Int, _ attributes: [Attribute]) -> [UInt8] {
        var text = "OK \(lineCount)"
        for attribute in attributes {
            text += " \(attribute.name)=\(Request.quoted(attribute.value))"
        }
        return Array(text.utf8) + [0x0A]
    }

    /// The bytes that go over the socket.
    package var encoded: [UInt8] {
        switch self {
        case .ok(let attributes, let lines):
            return Self.head(lineCount: lines.count, attributes) + ReplyBody(lines).bytes
        case .error(let code, let message):
            let oneLine = message.split(whereSeparator: \.isNewline).joined(separator: " ")
            return Array("ERR \(code.rawValue) \(oneLine)\n".utf8)
        }
    }
}

/// What stands below the first line of a reply, as it goes over the socket.
package struct ReplyBody: Equatable, Sendable {
    package var bytes: [UInt8] = []
    package var lineCount = 0

    package init() {}

    package init(_ lines: [String]) {
        bytes.reserveCapacity(lines.reduce(0) { $0 + $1.utf8.count + 1 })
        for line in lines {
            bytes.append(contentsOf: line.utf8)
            bytes.append(0x0A)
        }
        lineCount = lines.count
    }
}

/// The first line of a reply: what came of the request, and how many lines follow.
package enum ReplyHead: Equatable, Sendable {
    case ok(lineCount: Int, attributes: [Reply.Attribute])
    case error(Reply.ErrorCode, message: String)

    /// A reply has at most so many lines; more is another protocol talking.
    package static let mostLines = 10_000_000

    /// Reads `OK n [name=value …]` or `ERR code message`; nil for anything else.
    package init?(line: [UInt8]) {
        if line.starts(with: Array("ERR ".utf8)) {
            let text = String(decoding: line, as: UTF8.self)
            let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            // A code from a later version than ours is still an error.
            let code = Reply.ErrorCode(rawValue: String(parts[1])) ?? .internal
            self = .error(code, message: parts.count > 2 ? String(parts[2]) : "")
            return
        }
        guard let words = try? Request(line: line).words, words.count >= 2, words[0] == "OK",
            let count = Int(words[1]), (0...Self.mostLines).contains(count)
        else { return nil }
        var attributes: [Reply.Attribute] = []
        for word in words.dropFirst(2) {
            guard let equals = word.firstIndex(of: "=") else { return nil }
            let value = word[word.index(after: equals)...]
            attributes.append(Reply.Attribute(String(word[..<equals]), String(value)))
        }
        self = .ok(lineCount: count, attributes: attributes)
    }
}

extension [Reply.Attribute] {
    /// The value of the first attribute of that name.
    package subscript(name: String) -> String? { first { $0.name == name }?.value }
}

/// Gathers bytes from the daemon into replies.
package struct ReplyReader: Sendable {
    package struct Malformed: Error, Equatable {
        package let line: String
    }

    private var reader = LineReader()
    private var head: (lineCount: Int, attributes: [Reply.Attribute])?

    package init() {}

    package mutating func append(_ bytes: some Collection<UInt8>) { reader.append(bytes) }

    /// The next whole reply; nil until more bytes come.
    package mutating func next() throws(Malformed) -> Reply? {
        if head == nil {
            switch reader.next() {
            case nil: return nil
            case .tooLong: throw Malformed(line: "(a line of more than 64 KiB)")
            case .line(let line):
                switch ReplyHead(line: line) {
                case nil: throw Malformed(line: String(decoding: line.prefix(80), as: UTF8.self))
                case .error(let code, let message): return .error(code, message: message)
                case .ok(let count, let attributes): head = (count, attributes)
                }
            }
        }
        guard let (count, attributes) = head, let lines = reader.takeLines(count) else {
            return nil
        }
        head = nil
        return .ok(
            attributes: attributes, lines: lines.map { String(decoding: $0, as: UTF8.self) })
    }
}
