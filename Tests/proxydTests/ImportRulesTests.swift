import Testing

/// Which module a folder may import, and which floor may name the types of which (docs/architecture.md).
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
        ImportRule(module: "Foundation", allowed: ["proxyd/Configuration", "proxyd/Control"]),
        ImportRule(module: "Yams", allowed: ["proxyd/Configuration"]),
        ImportRule(module: "ArgumentParser", allowed: ["proxyd/Commands", "proxytop/Commands"]),
    ]

    @Test("a module is imported only where it is named", arguments: imports)
    func modules(rule: ImportRule) throws {
        for file in try SourceFile.all() where file.imports.contains(rule.module) {
            #expect(
                rule.allowed.contains { file.path == $0 || file.path.hasPrefix($0 + "/") },
                "\(file.path) imports \(rule.module)")
        }
    }

    /// The folders of one program, lowest first: each names types and members of lower floors only, and its own.
    /// Folders that share a floor do not know each other.
    struct House: Sendable, CustomTestStringConvertible {
        var program: String
        var floors: [[String]]
        var testDescription: String { program }
    }

    static let houses = [
        House(
            program: "proxyd",
            floors: [
                ["System", "FirstBytes"],
                ["EventLoop", "Configuration"],
                ["TLS"],
                ["Balancing"],
                ["Records", "History", "Simulation", "Demo"],
                ["Logging"],
                ["Relay", "Process"],
                ["Topology", "Health", "Dump", "Exposition"],
                ["Upgrade"],
                ["Control"],
                ["Supervisor", "Console"],
                ["Dialects"],
                ["Commands"],
            ]),
        House(
            program: "proxytop",
            floors: [
                ["Connection"],
                ["Layout"],
                ["Model"],
                ["View", "Terminal"],
                ["Update"],
                ["Commands"],
            ]),
    ]

    @Test("a folder names only types of lower floors, and its own", arguments: houses)
    func floors(house: House) throws {
        let files = try SourceFile.all().filter { $0.path.hasPrefix(house.program + "/") }
        for violation in Floors(house.floors).violations(in: files) {
            Issue.record("\(violation)")
        }
    }

    @Test("every source lies in a folder, and every folder has a floor", arguments: houses)
    func everyFolder(house: House) throws {
        let known = Set(house.floors.joined())
        for file in try SourceFile.all() where file.path.hasPrefix(house.program + "/") {
            #expect(known.contains(file.folder), "\(file.path) is on no floor")
        }
    }

    // MARK: The rule itself

    @Test("a name of a higher floor is reported with the file, the type and both floors")
    func reports() {
        let files = [
            SourceFile(path: "p/Low/User.swift", text: "struct User { var tool: Tool }"),
            SourceFile(path: "p/High/Tool.swift", text: "struct Tool {}"),
        ]
        let found = Floors([["Low"], ["High"]]).violations(in: files).map(\.description)
        #expect(found == ["p/Low/User.swift (floor 1, Low) names Tool of High (floor 2)"])
    }

    @Test("an extension of a lower type belongs to the floor of its file")
    func extensions() {
        let files = [
            SourceFile(path: "p/Low/Row.swift", text: "struct Row {}"),
            SourceFile(path: "p/Low/List.swift", text: "func f(_ r: Row) { r.sortKey() }"),
            SourceFile(
                path: "p/High/Row+Sort.swift", text: "extension Row {\n    func sortKey() {}\n}"),
        ]
        let found = Floors([["Low"], ["High"]]).violations(in: files).map(\.description)
        #expect(
            found == ["p/Low/List.swift (floor 1, Low) names Row.sortKey of High (floor 2)"])
    }

    @Test("a conformance declared above is not seen below")
    func conformances() {
        let files = [
            SourceFile(path: "p/Low/Row.swift", text: "struct Row {}"),
            SourceFile(
                path: "p/High/Shown.swift", text: "protocol Shown {}\nextension Row: Shown {}"),
            SourceFile(
                path: "p/Low/List.swift", text: "// Shown\nlet s = \"Shown\"\nvar r: any Shown"),
        ]
        let found = Floors([["Low"], ["High"]]).violations(in: files).map(\.description)
        #expect(found == ["p/Low/List.swift (floor 1, Low) names Shown of High (floor 2)"])
    }

    @Test("neighbours on one floor do not know each other, comments and strings do not count")
    func neighbours() {
        let files = [
            SourceFile(path: "p/A/One.swift", text: "struct One {}"),
            SourceFile(
                path: "p/B/Two.swift", text: "// One\nlet text = \"One \\(1)\"\nlet one = One()"),
        ]
        let found = Floors([["A", "B"]]).violations(in: files).map(\.description)
        #expect(found == ["p/B/Two.swift (floor 1, B) names One of A (floor 1)"])
    }
}
