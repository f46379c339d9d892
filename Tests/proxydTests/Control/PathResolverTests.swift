import Testing

@testable import proxyd

@Suite("Paths of the control protocol")
struct PathResolverTests {
    private typealias Plan = [(String, [(String, [String])])]

    private func resolve(_ path: String, _ plan: Plan) throws -> String {
        let resolver = PathResolver(topology: try Blueprint.topology(plan))
        return resolver.channels(at: path)?.map(\.path).joined(separator: " ") ?? "-"
    }

    @Test(
        "with several services every part is needed, as a name or as an index",
        arguments: [
            ("mail/main/a", "mail/main/a"), ("mail/0/1", "mail/main/b"),
            ("0/main/a", "mail/main/a"),
            ("1/0/0", "web/all/x"), ("mail/main", "mail/main/a mail/main/b"),
            ("mail/1", "mail/spare/c"), ("web", "web/all/x web/all/y"),
            ("mail", "mail/main/a mail/main/b mail/spare/c"), ("1", "web/all/x web/all/y"),
            ("main", "-"), ("main/a", "-"), ("all/x", "-"), ("2", "-"), ("0/2", "-"),
            ("0/0/2", "-"), ("", "-"), ("/", "-"), ("//", "-"), ("mail/", "-"), ("/main", "-"),
            ("mail//a", "-"), ("mail/main/a/b", "-"), ("-1", "-"), ("mail/-1", "-"),
            ("mail/main/+", "-"), ("Mail", "-"), ("mail/main/99999999999999999999", "-"),
        ])
    func several(path: String, expected: String) throws {
        let plan: Plan = [
            ("mail", [("main", ["a", "b"]), ("spare", ["c"])]), ("web", [("all", ["x", "y"])]),
        ]
        #expect(try resolve(path, plan) == expected)
    }

    @Test(
        "the only service may be left out",
        arguments: [
            ("main", "mail/main/a mail/main/b mail/main/c"), ("main/b", "mail/main/b"),
            ("main/2", "mail/main/c"), ("0/2", "mail/main/c"), ("spare", "mail/spare/d"),
            ("spare/0", "mail/spare/d"), ("spare/1", "-"), ("mail/main/b", "mail/main/b"),
            ("0/0/1", "mail/main/b"), ("mail/1", "mail/spare/d"), ("a", "-"), ("7", "-"),
        ])
    func only(path: String, expected: String) throws {
        let plan: Plan = [("mail", [("main", ["a", "b", "c"]), ("spare", ["d"])])]
        #expect(try resolve(path, plan) == expected)
    }

    @Test("names go before indexes")
    func names() throws {
        let plan: Plan = [("s", [("1", ["1", "0"]), ("0", ["x"])])]
        #expect(try resolve("s/1/1", plan) == "s/1/1")
        #expect(try resolve("s/1/0", plan) == "s/1/0")
        #expect(try resolve("s/0/0", plan) == "s/0/x")
        let swapped: Plan = [("1", [("g", ["a"])]), ("0", [("g", ["b"])])]
        #expect(try resolve("0/g/0", swapped) == "0/g/b")
    }

    @Test("what the tables show as a path leads back to the same thing")
    func shown() throws {
        let plan: Plan = [
            ("0", [("0", ["0", "1", "2"]), ("1", ["0"]), ("2", ["0", "1"])])
        ]
        let topology = try Blueprint.topology(plan)
        let resolver = PathResolver(topology: topology)
        for channel in topology.channels {
            #expect(resolver.channels(at: channel.path)?.map(\.path) == [channel.path])
        }
        for group in topology.groups {
            #expect(
                resolver.channels(at: group.path)?.map(\.path) == group.channels.map(\.path))
        }
    }

    @Test("an index is read as the documentation says: with one service, 0/2 is a channel")
    func leftOut() throws {
        let plan: Plan = [("mail", [("x", ["a", "b", "c"]), ("y", ["d"]), ("z", ["e"])])]
        #expect(try resolve("0/2", plan) == "mail/x/c")
        #expect(try resolve("0", plan) == "mail/x/a mail/x/b mail/x/c")
        #expect(try resolve("1/0", plan) == "mail/y/d")
        #expect(try resolve("0/2/0", plan) == "mail/z/e")
    }
}
