import Testing

@testable import proxyd

/// Files that are meant to keep a reader busy; each ends quickly, with a mistake.
@Suite("Hostile files", .timeLimit(.minutes(1)))
struct HostileFileTests {
    private func firstProblem(_ text: String) -> String? {
        do {
            _ = try ConfigurationFile.parse(text, name: "f")
            return nil
        } catch {
            return error.errors.first?.problem
        }
    }

    @Test("aliases of aliases are counted as written out")
    func aliasBomb() {
        var text = "x0: &x0 [a:1, a:1, a:1, a:1]\n"
        for level in 1..<12 {
            let alias = "*x\(level - 1)"
            let aliases = Array(repeating: alias, count: 9).joined(separator: ", ")
            text += "x\(level): &x\(level) [\(aliases)]\n"
        }
        #expect(firstProblem(text) == "unknown key “x0” in the file")
        let groups = Array(repeating: "{channels: *c}", count: 1000).joined(separator: ", ")
        let channels = Array(repeating: "a:1", count: 1000).joined(separator: ", ")
        let wide = """
            services:
            - listen: ["*:1"]
              groups: [{channels: &c [\(channels)]}, \(groups)]
            """
        #expect(firstProblem(wide) == "the file has more than 200000 values")
    }

    @Test(
        "aliases in keys are not compared",
        arguments: ["? *x11\n: 1\n", "*x11 : 1\n", "{[*x11, *x11] : 1}\n"])
    func keyBomb(key: String) {
        var text = "x0: &x0 [a, a]\n"
        for level in 1..<12 {
            let aliases = Array(repeating: "*x\(level - 1)", count: 9).joined(separator: ", ")
            text += "x\(level): &x\(level) [\(aliases)]\n"
        }
        let mapped = key.hasPrefix("{") ? "y: \(key)" : key
        #expect(firstProblem(text + mapped) == "a list, a map or an alias cannot be a key")
    }

    @Test("merges of merges are counted")
    func mergeBomb() {
        var text = "x0: &x0 {grace: 1}\n"
        for level in 1..<10 {
            let aliases = Array(repeating: "*x\(level - 1)", count: 9).joined(separator: ", ")
            text += "x\(level): &x\(level) {<<: [\(aliases)]}\n"
        }
        text =
            "services:\n- <<: *x9\n" + ""
            + "  listen: ['*:1']\n"
        #expect(firstProblem(text) != nil)
    }

    @Test("deep nesting ends in a mistake", arguments: ["[", "{a: ", "- ", "? "])
    func nesting(opening: String) {
        #expect(firstProblem(String(repeating: opening, count: 100_000)) != nil)
    }
}
