import Foundation
import Testing

/// Who may know whom (docs/architecture.md): each rule is a row, and every import of every file obeys.
@Suite("import rules")
struct ImportRulesTests {
    /// What one module may be imported by: folders and files below `Sources`.
    struct ImportRule: Sendable, CustomTestStringConvertible {
        var module: String
        var allowed: [String]
        var testDescription: String { module }
    }

    static let imports = [
        ImportRule(module: "CNCurses", allowed: ["proxytop/Terminal"]),
        ImportRule(module: "CEdit", allowed: ["proxyd/Console"]),
        ImportRule(module: "COpenSSL", allowed: ["proxyd/TLS"]),
        ImportRule(
            module: "CLinux",
            allowed: [
                "proxyd/System", "proxyd/EventLoop", "proxytop/Terminal", "proxytop/Connection",
            ]),
        // Where text for people or JSON is read or written.
        ImportRule(
            module: "Foundation",
            allowed: ["proxyd/Configuration", "proxyd/Control", "proxyd/Exposition"]),
        ImportRule(module: "Yams", allowed: ["proxyd/Configuration"]),
        ImportRule(
            module: "ArgumentParser",
            allowed: [
                "proxyd/Commands", "proxytop/Commands",
            ]),
    ]

    @Test("a module is imported only where it is named", arguments: imports)
    func modules(rule: ImportRule) throws {
        for file in try Self.sources() where file.imports.contains(rule.module) {
            #expect(
                rule.allowed.contains { file.path == $0 || file.path.hasPrefix($0 + "/") },
                "\(file.path) imports \(rule.module)")
        }
    }

    /// A folder whose files must not use the types that another one declares.
    struct IgnoranceRule: Sendable, CustomTestStringConvertible {
        var folder: String
        var unknown: String
        var testDescription: String { "\(folder) does not know \(unknown)" }
    }

    static let ignorance = [
        IgnoranceRule(folder: "proxyd/System", unknown: "proxyd/EventLoop"),
        IgnoranceRule(folder: "proxyd/System", unknown: "proxyd/Relay"),
        IgnoranceRule(folder: "proxyd/System", unknown: "proxyd/Balancing"),
        IgnoranceRule(folder: "proxyd/System", unknown: "proxyd/Control"),
        IgnoranceRule(folder: "proxyd/EventLoop", unknown: "proxyd/Relay"),
        IgnoranceRule(folder: "proxyd/EventLoop", unknown: "proxyd/Control"),
        IgnoranceRule(folder: "proxyd/Balancing", unknown: "proxyd/Relay"),
        IgnoranceRule(folder: "proxyd/Balancing", unknown: "proxyd/Control"),
        IgnoranceRule(folder: "proxyd/Relay", unknown: "proxyd/Control"),
        IgnoranceRule(folder: "proxyd/Relay", unknown: "proxyd/Dialects"),
        IgnoranceRule(folder: "proxyd/Balancing", unknown: "proxyd/Dialects"),
        IgnoranceRule(folder: "proxyd/Health", unknown: "proxyd/Dialects"),
        IgnoranceRule(folder: "proxyd/Configuration", unknown: "proxyd/Dialects"),
        IgnoranceRule(folder: "proxyd/Dialects", unknown: "proxyd/EventLoop"),
        IgnoranceRule(folder: "proxyd/Dialects", unknown: "proxyd/Relay"),
        IgnoranceRule(folder: "proxyd/Dialects", unknown: "proxyd/Balancing"),
        IgnoranceRule(folder: "proxyd/Dialects", unknown: "proxyd/Control"),
        IgnoranceRule(folder: "proxyd/Configuration", unknown: "proxyd/Relay"),
        IgnoranceRule(folder: "proxyd/Configuration", unknown: "proxyd/Balancing"),
        IgnoranceRule(folder: "proxyd/Configuration", unknown: "proxyd/Control"),
        IgnoranceRule(folder: "proxyd/System", unknown: "proxyd/Upgrade"),
        IgnoranceRule(folder: "proxyd/EventLoop", unknown: "proxyd/Upgrade"),
        IgnoranceRule(folder: "proxyd/Balancing", unknown: "proxyd/Upgrade"),
        IgnoranceRule(folder: "proxyd/Relay", unknown: "proxyd/Upgrade"),
        IgnoranceRule(folder: "proxyd/Configuration", unknown: "proxyd/Upgrade"),
        IgnoranceRule(folder: "proxyd/Upgrade", unknown: "proxyd/Control"),
        IgnoranceRule(folder: "proxytop/Model", unknown: "proxytop/Terminal"),
        IgnoranceRule(folder: "proxytop/Update", unknown: "proxytop/Terminal"),
        IgnoranceRule(folder: "proxytop/View", unknown: "proxytop/Terminal"),
    ]

    @Test("a folder does not name the types of what lies above it", arguments: ignorance)
    func folders(rule: IgnoranceRule) throws {
        let sources = try Self.sources()
        let unknown = Set(
            sources.filter { $0.path.hasPrefix(rule.unknown + "/") }.flatMap(\.declaredTypes))
        for file in sources where file.path.hasPrefix(rule.folder + "/") {
            // What the file declares itself is its own, whatever others call by that name.
            let named = file.words.intersection(unknown).subtracting(file.declaredTypes)
            #expect(named.isEmpty, "\(file.path) names \(named.sorted())")
        }
    }
}

// MARK: - Reading the sources

extension ImportRulesTests {
    struct SourceFile {
        /// Below `Sources`.
        var path: String
        var imports: Set<String>
        /// Types at the top level of the file.
        var declaredTypes: Set<String>
        /// Every word of its code.
        var words: Set<String>
    }

    static func sources() throws -> [SourceFile] {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let root = package.appendingPathComponent("Sources")
        let enumerator = try #require(FileManager.default.enumerator(atPath: root.path))
        let paths = enumerator.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }
        try #require(!paths.isEmpty)
        return try paths.map { path in
            let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
            return SourceFile(path: path, text: text)
        }
    }
}

extension ImportRulesTests.SourceFile {
    init(path: String, text: String) {
        self.path = path
        (imports, declaredTypes, words) = ([], [], [])
        for line in text.split(separator: "\n") {
            let code = Self.withoutCommentsAndStrings(line)
            let found = code.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
            if let place = found.firstIndex(of: "import"), place <= 1, place + 1 < found.count {
                imports.insert(found[place + 1])
                continue
            }
            if !line.hasPrefix(" "), let place = found.firstIndex(where: Self.declares),
                place + 1 < found.count
            {
                declaredTypes.insert(found[place + 1])
            }
            words.formUnion(found)
        }
    }

    private static func declares(_ word: String) -> Bool {
        ["struct", "class", "enum", "protocol", "actor", "typealias"].contains(word)
    }

    /// Good enough for one line: a quote opens and closes, `//` ends it.
    private static func withoutCommentsAndStrings(_ line: Substring) -> String {
        var code = ""
        var isQuoted = false
        var previous: Character = " "
        for character in line {
            if character == "\"", previous != "\\" { isQuoted.toggle() }
            if !isQuoted, character == "/", previous == "/" { break }
            if !isQuoted { code.append(character) }
            previous = character
        }
        return code
    }
}
