import Testing

@testable import proxyd

/// Files that are meant to keep a reader busy; each ends quickly, with a mistake.
@Suite("Hostile files", .timeLimit(.untilHung))
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

    @Test("many aliases beside addresses in brackets are no bomb")
    func manyAliases() throws {
        var text = "services:\n- &s0\n  timeouts: &t {idle: 5m}\n"
        text += "  listen: ['[::]:1']  # don't: [x]: y ? z\n  channels: &c [\"[::1]:1\"]\n"
        for port in 2..<40 {
            text += "- listen: [\"[::]:\(port)\", '[::1]:\(port)' ]\n"
            text += "  timeouts: {<<: *t, connect: 1s}\n  channels: *c\n"
        }
        #expect(try ConfigurationFile.parse(text, name: "f").services.count == 39)
    }

    @Test("a damaged file is judged, whatever the damage", arguments: 0..<40)
    func damage(seed: UInt64) {
        var state = seed &+ 1
        func next(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let good = """
            control: { socket: /run/x.sock, mode: "0660" }
            services:
              - name: mail
                listen: [ "*:143", { unix: /run/mail.sock, mode: "0660", when-empty: hold 5s } ]
                timeouts: &t { connect: 5s, idle: 10m }
                groups: [ { name: a, channels: [ "a:1", { address: "b:1", weight: 2 } ] } ]
            """
        let noise = Array("[]{}:,-#&*!|>'\"%@`?~ \n\t<0a\\".utf8)
        for _ in 0..<50 {
            var bytes = Array(good.utf8)
            for _ in 0...next(4) {
                let place = next(bytes.count)
                switch next(3) {
                case 0: bytes[place] = noise[next(noise.count)]
                case 1: bytes.insert(noise[next(noise.count)], at: place)
                default: bytes.remove(at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                _ = try ConfigurationFile.parse(text, name: "f")
            } catch {
                #expect((1...20).contains(error.errors.count), "\(text)")
            }
        }
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

    @Test("a file full of mistakes is not read to its end")
    func diagnostics() {
        let keys = (0..<200_000).map { "k\($0): 1" }.joined(separator: ",")
        #expect(firstProblem("{\(keys)}") == "unknown key “k0” in the file")
        #expect(
            firstProblem(String(repeating: "[", count: 2000))
                == "lists and maps are nested too deep")
    }

    @Test("deep nesting ends in a mistake", arguments: ["[", "{a: ", "- ", "? "])
    func nesting(opening: String) {
        #expect(firstProblem(String(repeating: opening, count: 100_000)) != nil)
    }
}
