import Testing

@testable import Shared

@Suite("Filters")
struct FilterTests {
    static let fields = ["id", "client", "channel", "age_ms", "in_bytes", "p50_us"]
    static let row = ["12", "10.0.0.7:51022", "mail/0/2", "45000", "1500000", "250"]

    private func filter(_ text: String) throws -> Filter {
        try Filter(words: Request(line: Array(text.utf8)).words, fields: Self.fields)
    }

    @Test(
        "conditions that hold",
        arguments: [
            "id = 12", "id=12", "id == 12", "id >= 9", "id<=12", "id != 9", "id > 9.5",
            "client ~ 10.0.", "client ~ :51022", "client ~ \"\"", "channel = mail/0/2",
            "channel != mail/0/1", "channel > mail/0/1", "client = 10.0.0.7:51022",
            "age_ms>30s", "age_ms > 30000", "age_ms = 45s", "age_ms < 1m", "age_ms >= 0.0125h",
            "in_bytes = 1.5M", "in_bytes>1M", "in_bytes < 1.5MiB", "in_bytes = 1500000",
            "p50_us < 1ms", "p50_us = 250us", "p50_us >= 250", "age_ms ~ 450",
            "not id = 1", "not not id = 12", "id = 1 or id = 12", "id = 12 or id = 1 and id = 2",
            "(id = 1 or id = 12) and client ~ 10", "(id=12)", "((id=12)and(client~10.))",
            "not(id = 1)", "( id = 12 )", "not id = 1 and id = 12",
        ])
    func holds(text: String) throws {
        let filter = try filter(text)
        #expect(filter.matches(Self.row))
        let values = Dictionary(uniqueKeysWithValues: zip(Self.fields, Self.row))
        #expect(filter.matches { values[$0] })
    }

    @Test(
        "conditions that do not",
        arguments: [
            "id = 9", "id > 12", "id < 9", "id != 12", "client ~ 10.1", "channel = mail",
            "age_ms > 45s", "age_ms = 45", "in_bytes > 1.5M", "p50_us > 1ms", "not id = 12",
            "id = 12 and id = 1", "(id = 12 or id = 1) and id = 2", "not (id = 12 or id = 1)",
            "channel < 5", "channel > 5", "client = \"\"",
        ])
    func doesNotHold(text: String) throws {
        #expect(try !filter(text).matches(Self.row))
    }

    @Test("what does not apply is neither above nor below, but can be asked for")
    func absent() throws {
        let row = ["12", "x", "-", "-", "-", "-"]
        #expect(try !filter("age_ms < 1s").matches(row))
        #expect(try !filter("age_ms >= 0").matches(row))
        #expect(try filter("age_ms != 5").matches(row))
        #expect(try filter("age_ms = -").matches(row))
        #expect(try filter("channel = -").matches(row))
        #expect(try filter("channel = -").matches { _ in nil })
        #expect(try filter("channel = -").matches([]))
    }

    /// The row as values that are not text yet.
    private struct Values: FilterableRow {
        var client = "10.0.0.7:51022"

        func value(of field: Int) -> FieldValue {
            let text = FilterTests.row[field]
            if field == 1 { return (try? Endpoint(client)).map { .endpoint($0) } ?? .absent }
            return UInt64(text).map { .number($0) } ?? .text(text)
        }
    }

    @Test(
        "a row that is not text yet meets what its text meets",
        arguments: [
            "id = 12", "id > 12", "id ~ 2", "id = x", "id != x", "id > x", "client ~ 10.0.",
            "client ~ :51022", "client = 10.0.0.7:51022", "client > 10", "channel = mail/0/2",
            "channel ~ 0/2", "channel > 5", "age_ms > 30s", "age_ms = -", "not age_ms < 1m",
            "in_bytes = 1.5M and p50_us < 1ms", "id = 1 or channel ~ mail",
            "client ~ 10.0.0.0/24", "client ~ 10.0.1.0/24", "client ~ ::/0", "channel ~ 0.0.0.0/0",
        ])
    func values(text: String) throws {
        let filter = try filter(text)
        #expect(filter.matches(Values()) == filter.matches(Self.row))
    }

    @Test("severities compare by how much they matter, not by their letters")
    func severity() throws {
        func matching(_ text: String) throws -> [String] {
            let filter = try Filter(
                words: Request(line: Array(text.utf8)).words, fields: ["severity"])
            return EventSnapshot.Severity.allCases.map(\.rawValue).filter { filter.matches([$0]) }
        }
        #expect(try matching("severity >= warning") == ["warning", "error"])
        #expect(try matching("severity < notice") == ["debug", "info"])
        #expect(try matching("severity = error") == ["error"])
        #expect(try matching("severity != error").count == 4)
        #expect(try matching("severity ~ n") == ["info", "notice", "warning"])
        let mistake = try #require(throws: Filter.ParseError.self) {
            try matching("severity > warn")
        }
        #expect(
            mistake.description
                == "“warn” is not a severity; they are debug info notice warning error")
    }

    @Test("before a network, ~ means that the address lies in it")
    func networks() throws {
        #expect(try filter("client ~ 10.0.0.0/8").matches(Self.row))
        #expect(try !filter("client ~ 10.0.1.0/24").matches(Self.row))
        #expect(try filter("client ~ 2001:db8::/32").matches(Values(client: "[2001:db8::1]:5")))
        #expect(try filter("channel ~ 0/2").matches(Self.row), "no network: a part of the text")
        #expect(try !filter("client = 10.0.0.0/8").matches(Self.row))
    }

    @Test("an alias is another name, and a time compared with it needs a unit")
    func aliases() throws {
        func filter(_ text: String) throws -> Filter {
            try Filter(
                words: Request(line: Array(text.utf8)).words, fields: Self.fields,
                aliases: ["age": "age_ms", "in": "in_bytes"])
        }
        #expect(try filter("age > 30s and in = 1.5M").matches(Self.row))
        #expect(try filter("age > 0 and in = 1500000 and age ~ 450").matches(Self.row))
        #expect(try filter("age_ms > 30000").matches(Self.row))
        #expect(throws: Filter.ParseError.noUnit("30", field: "age")) { try filter("age > 30") }
        #expect(throws: Filter.ParseError.noValue(field: "age")) { try filter("age >") }
        #expect(try filter("age > 1s and (in > 1 or not id = 3)").namedFields == [0, 3, 4])
    }

    @Test("values are sorted by what they are, and those that do not apply come last")
    func order() {
        let values: [FieldValue] = [
            .text("b"), .absent, .number(10), .endpoint(.ip(.v4(9), port: 1)), .number(9),
            .text("a"), .endpoint(.ip(.v4(9), port: 0)),
        ]
        let rising = values.sorted { $0.precedes($1) }.map(\.cell)
        #expect(rising == ["9", "10", "0.0.0.9:0", "0.0.0.9:1", "a", "b", "-"])
        let falling = values.sorted { $0.precedes($1, isDescending: true) }.map(\.cell)
        #expect(falling == ["b", "a", "0.0.0.9:1", "0.0.0.9:0", "10", "9", "-"])
    }

    @Test("numbers are compared as numbers, not as texts")
    func numbers() throws {
        #expect(try filter("id > 9").matches(["10", "", "", "", "", ""]))
        #expect(try filter("id = 010").matches(["10", "", "", "", "", ""]))
    }

    @Test("a value may be anything that a word can be")
    func values() throws {
        let row = ["1", "a=b (c)", "x)", "1", "1", "1"]
        #expect(try filter("client = \"a=b (c)\"").matches(row))
        #expect(try filter("channel = x)").matches(row))
        #expect(try filter("client ~ and").matches(["", "sand", "", "", "", ""]))
    }

    @Test(
        "mistakes say what is wrong",
        arguments: [
            ("", Filter.ParseError.empty), ("idle > 3", .unknownField("idle", known: fields)),
            ("id", .noComparison(field: "id", found: nil)),
            ("id 3", .noComparison(field: "id", found: "3")), ("id =", .noValue(field: "id")),
            ("age_ms > 3x", .badValue("3x", field: "age_ms")),
            ("in_bytes > lots", .badValue("lots", field: "in_bytes")),
            ("p50_us > -5", .badValue("-5", field: "p50_us")), ("(id = 1", .unclosed),
            ("(", .unclosed), ("id = 1 )", .unexpected(")")),
            ("id = 1 id = 2", .unexpected("id")), ("= 1", .unexpected("=")),
            ("id = 1 and", .unfinished(after: "and")), ("id = 1 or", .unfinished(after: "or")),
            ("not", .unfinished(after: "not")), ("( id = 1 ( )", .unexpected("(")),
            ("(id=)", .noValue(field: "id")), ("(id = 1))", .unexpected(")")),
            (String(repeating: "(", count: 40) + "id=1", .tooDeep),
            (String(repeating: "not ", count: 40) + "id=1", .tooDeep),
            (String(repeating: "x ", count: 257), .tooLong),
            (String(repeating: "(", count: 60_000), .tooLong),
        ])
    func mistakes(text: String, mistake: Filter.ParseError) {
        #expect(throws: mistake) { try filter(text) }
        #expect(!mistake.description.isEmpty)
    }

    @Test("an unknown field's mistake names the fields")
    func knownFields() {
        let mistake = Filter.ParseError.unknownField("idle", known: ["id", "age_ms"])
        #expect(mistake.description == "no field “idle”; the fields are id age_ms")
    }

    @Test(
        "a filter ends before the words that follow it",
        arguments: [
            ("id > 3 sort age_ms", 3), ("id>3 limit 5", 1), ("channel = sort sort -id", 3),
            ("channel= sort limit 5", 2), ("sort id", 0), ("id > 3", 3), ("", 0),
        ])
    func wordCount(text: String, count: Int) throws {
        let words = try Request(line: Array(text.utf8)).words
        #expect(Filter.wordCount(in: words, until: ["sort", "limit", "offset"]) == count)
    }
}
