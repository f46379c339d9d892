import Foundation
import Testing

/// One source file, as far as the import rules look at it.
struct SourceFile {
    /// Below `Sources`.
    var path: String
    var imports: Set<String> = []
    /// Types at the top level of the file that other files can name.
    var declaredTypes: Set<String> = []
    /// Every type that is declared in it, nested and private ones too.
    var ownTypes: Set<String> = []
    /// Members that it declares outside extensions.
    var members: Set<String> = []
    /// Members that its extensions declare, by the type that they extend.
    var extensionMembers: [String: Set<String>] = [:]
    /// Words that begin with a capital letter and follow no dot.
    var namedTypes: Set<String> = []
    /// Words that follow a dot.
    var usedMembers: Set<String> = []

    var folder: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    static func all() throws -> [SourceFile] {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let root = package.appendingPathComponent("Sources")
        let enumerator = try #require(FileManager.default.enumerator(atPath: root.path))
        let paths = enumerator.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }
        try #require(!paths.isEmpty)
        return try paths.sorted().map { path in
            let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
            return SourceFile(path: path, text: text)
        }
    }

    init(path: String, text: String) {
        self.path = path
        var depth = 0
        var extended: (type: String, depth: Int)?
        var isPrivate = false
        var declaration: String?
        var previous = ""
        var beforePrevious = ""
        for token in CodeTokens(text) {
            switch token.text {
            case "{": depth += 1
            case "}":
                depth -= 1
                if let present = extended, depth <= present.depth { extended = nil }
            case "\n":
                if depth == 0 || declaration == nil { isPrivate = false }
            default: break
            }
            defer { if token.text != "\n" { (beforePrevious, previous) = (previous, token.text) } }
            guard token.isWord else { continue }
            let word = token.text
            if let kind = declaration {
                declaration = nil
                switch kind {
                case "import": imports.insert(word)
                case "extension": extended = (word, depth)
                case "func", "var", "let", "case":
                    if let extended, depth == extended.depth + 1 {
                        if !isPrivate { extensionMembers[extended.type, default: []].insert(word) }
                    } else {
                        members.insert(word)
                    }
                default:
                    ownTypes.insert(word)
                    if depth == 0, !isPrivate { declaredTypes.insert(word) }
                }
                if kind == "extension" { namedTypes.insert(word) }
                continue
            }
            if word == "private" || word == "fileprivate" { isPrivate = true }
            if Self.declares.contains(word), previous != "." {
                // “class func”, “static var”, “import struct Module.Type” and the like end at the last keyword.
                declaration = word
                continue
            }
            if previous == "." {
                usedMembers.insert(word)
            } else if word.first?.isUppercase == true {
                namedTypes.insert(word)
            }
        }
        _ = beforePrevious
    }

    private static let declares: Set = [
        "import", "struct", "class", "enum", "protocol", "actor", "typealias", "extension", "func",
        "var", "let", "case",
    ]
}

/// The words and marks of Swift code: no comments, and of strings only what is interpolated.
struct CodeTokens: Sequence, IteratorProtocol {
    struct Token {
        var text: String
        var isWord: Bool
    }

    private let bytes: [UInt8]
    private var position = 0
    /// Open parentheses of each interpolation that we are in, and how its string ends.
    private var interpolations: [(open: Int, quotes: Int, hashes: Int)] = []

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func next() -> Token? {
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "/"), at(1) == UInt8(ascii: "/") {
                while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
                    position += 1
                }
                continue
            }
            if byte == UInt8(ascii: "/"), at(1) == UInt8(ascii: "*") {
                position += 2
                while position < bytes.count,
                    !(bytes[position] == UInt8(ascii: "*") && at(1) == UInt8(ascii: "/"))
                {
                    position += 1
                }
                position += 2
                continue
            }
            if let hashes = stringStart() {
                position += hashes
                let quotes = at(1) == UInt8(ascii: "\"") && at(2) == UInt8(ascii: "\"") ? 3 : 1
                position += quotes
                skipString(quotes: quotes, hashes: hashes)
                continue
            }
            if Self.isWord(byte) { return word() }
            position += 1
            if let last = interpolations.indices.last {
                if byte == UInt8(ascii: "(") { interpolations[last].open += 1 }
                if byte == UInt8(ascii: ")") {
                    interpolations[last].open -= 1
                    if interpolations[last].open == 0 {
                        let string = interpolations.removeLast()
                        skipString(quotes: string.quotes, hashes: string.hashes)
                        continue
                    }
                }
            }
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "`") { continue }
            return Token(text: String(UnicodeScalar(byte)), isWord: false)
        }
        return nil
    }

    private func at(_ offset: Int) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    /// How many `#` stand in front of a string that begins here; nil: none begins.
    private func stringStart() -> Int? {
        var hashes = 0
        while at(hashes) == UInt8(ascii: "#") { hashes += 1 }
        return at(hashes) == UInt8(ascii: "\"") ? hashes : nil
    }

    private mutating func word() -> Token {
        let start = position
        while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
        return Token(text: String(decoding: bytes[start..<position], as: UTF8.self), isWord: true)
    }

    /// To the end of a string, or to the first thing that it interpolates.
    private mutating func skipString(quotes: Int, hashes: Int) {
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "\\"), matches(UInt8(ascii: "#"), hashes, from: 1) {
                position += 1 + hashes
                if at(0) == UInt8(ascii: "(") {
                    position += 1
                    interpolations.append((open: 1, quotes: quotes, hashes: hashes))
                    return
                }
                position += 1
                continue
            }
            if matches(UInt8(ascii: "\""), quotes, from: 0),
                matches(UInt8(ascii: "#"), hashes, from: quotes)
            {
                position += quotes + hashes
                return
            }
            position += 1
        }
    }

    private func matches(_ byte: UInt8, _ count: Int, from offset: Int) -> Bool {
        (0..<count).allSatisfy { at(offset + $0) == byte }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}

/// The floors of a program, and who names what lies above.
struct Floors {
    struct Violation: CustomStringConvertible {
        var path: String
        var folder: String
        var floor: Int
        var name: String
        var owner: String
        var ownerFloor: Int

        var description: String {
            "\(path) (floor \(floor), \(folder)) names \(name) of \(owner) (floor \(ownerFloor))"
        }
    }

    /// By folder, counted from 1.
    private var floor: [String: Int] = [:]

    init(_ floors: [[String]]) {
        for (index, folders) in floors.enumerated() {
            for folder in folders { floor[folder] = index + 1 }
        }
    }

    func violations(in files: [SourceFile]) -> [Violation] {
        let types = owners(of: files, \.declaredTypes)
        let members = memberOwners(of: files)
        return files.flatMap { file -> [Violation] in
            guard let own = floor[file.folder] else { return [] }
            var found: [Violation] = []
            func report(_ name: String, _ owners: Set<String>) {
                // A name that something on a floor below also has may be that one.
                let reachable = owners.contains { $0 == file.folder || (floor[$0] ?? 0) < own }
                guard !reachable, let owner = owners.sorted().first else { return }
                found.append(
                    Violation(
                        path: file.path, folder: file.folder, floor: own, name: name, owner: owner,
                        ownerFloor: floor[owner] ?? 0))
            }
            for name in file.namedTypes.subtracting(file.ownTypes).sorted() {
                if let owners = types[name] { report(name, owners) }
            }
            for name in file.usedMembers.sorted() {
                if let member = members[name] { report("\(member.type).\(name)", member.owners) }
            }
            return found
        }
    }

    private func owners(
        of files: [SourceFile], _ names: KeyPath<SourceFile, Set<String>>
    ) -> [String: Set<String>] {
        var owners: [String: Set<String>] = [:]
        for file in files {
            for name in file[keyPath: names] { owners[name, default: []].insert(file.folder) }
        }
        return owners
    }

    /// Members that extensions of types of a lower floor declare, and that nothing else is called.
    private func memberOwners(
        of files: [SourceFile]
    ) -> [String: (type: String, owners: Set<String>)] {
        let types = owners(of: files, \.declaredTypes)
        var members: [String: (type: String, owners: Set<String>)] = [:]
        var others = files.reduce(into: Set<String>()) { $0.formUnion($1.members) }
        for file in files {
            for (type, names) in file.extensionMembers {
                guard let homes = types[type], !homes.contains(file.folder) else {
                    // Members of one's own types, and of types that come from elsewhere.
                    others.formUnion(names)
                    continue
                }
                for name in names { members[name, default: (type, [])].owners.insert(file.folder) }
            }
        }
        return members.filter { !others.contains($0.key) }
    }
}
