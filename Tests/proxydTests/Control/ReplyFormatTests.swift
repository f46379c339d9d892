import Foundation
import Shared
import Testing

@testable import proxyd

@Suite("Replies as ctl shows them")
struct ReplyFormatTests {
    static let lines = [
        "path\tcurrent\tmaxc\twhy", "mail/0/0\t5\t-\t-", "0/1\t1200\t400\ta\\tb, \"c\"",
    ]
    static let attributes = [
        Reply.Attribute("generation", "7"), .init("epoch", "1"), .init("now_ms", "2"),
        .init("matched", "2"), .init("host", "12"),
    ]

    private func text(_ format: ReplyFormat, isTable: Bool = true) -> String {
        format.text(Self.lines, Self.attributes, isTable: isTable)
    }

    @Test("for people: aligned, numbers to the right, what is special about this reply below")
    func people() {
        #expect(
            text(.people) == """
                path      current  maxc  why
                mail/0/0        5     -  -
                0/1          1200   400  a?b, "c"
                matched=2 host=12

                """)
    }

    @Test("a table without rows is its header")
    func empty() {
        let text = ReplyFormat.people.text(["path\tfield"], [.init("now_ms", "1")], isTable: true)
        #expect(text == "path  field\n")
    }

    @Test("a reply without lines says its attributes, unless they are everybody's")
    func attributesOnly() {
        #expect(
            ReplyFormat.people.text([], Self.attributes, isTable: false) == """
                generation  7
                epoch       1
                now_ms      2
                matched     2
                host        12

                """)
        #expect(ReplyFormat.people.text([], [.init("epoch", "1")], isTable: false) == "")
    }

    @Test("a text is shown as it is, without what would reach into the terminal")
    func plain() {
        let lines = ["a\tb", "c\u{1B}[2Jd\u{9B}e\rf"]
        #expect(ReplyFormat.people.text(lines, [], isTable: false) == "a\tb\nc?[2Jd?e?f\n")
        #expect(ReplyFormat.raw.text(lines, [], isTable: false) == "a\tb\nc\u{1B}[2Jd\u{9B}e\rf\n")
    }

    @Test("a column with a text in it is not a column of numbers")
    func mixed() {
        var table = Table(columns: ["a", "b", "c"])
        table.append(["1", "1", "1.5"])
        table.append(["xyz", "-", "22.25"])
        #expect(PeopleText.aligned(table) == "a    b      c\n1    1    1.5\nxyz  -  22.25\n")
    }

    @Test("as JSON: integers are numbers, - is null, and names stay texts")
    func json() throws {
        let expected = """
            {"attributes":{"generation":7,"epoch":1,"now_ms":2,"matched":2,"host":"12"},"rows":[
            {"path":"mail/0/0","current":5,"maxc":null,"why":null},
            {"path":"0/1","current":1200,"maxc":400,"why":"a\\tb, \\"c\\""}
            ]}

            """
        #expect(text(.json) == expected)
        let object = try JSONSerialization.jsonObject(with: Data(expected.utf8)) as? [String: Any]
        #expect((object?["rows"] as? [Any])?.count == 2)
        #expect(
            ReplyFormat.json.text(["a b"], [], isTable: false)
                == "{\"attributes\":{},\"lines\":[\"a b\"]}\n")
        #expect(
            ReplyFormat.json.text(["a\tb"], [], isTable: true)
                == "{\"attributes\":{},\"rows\":[]}\n")
    }

    @Test(
        "as JSON: values",
        arguments: [
            ("-", "null"), ("0", "0"), ("18446744073709551615", "18446744073709551615"),
            ("-5", "-5"), ("18446744073709551616", "\"18446744073709551616\""), ("007", "\"007\""),
            ("+7", "\"+7\""), ("1.5", "\"1.5\""), ("", "\"\""), ("-0", "\"-0\""),
            ("a\"\\\n\t\r\u{1}\u{7F}ä", "\"a\\\"\\\\\\n\\t\\r\\u0001\\u007fä\""),
        ])
    func jsonValues(text: String, json: String) throws {
        #expect(JSONText.value(text, isText: false) == json)
        let back = try JSONSerialization.jsonObject(
            with: Data(JSONString.quoted(text).utf8), options: .fragmentsAllowed)
        #expect(back as? String == text)
    }

    @Test("as CSV: quoted where it must be, CRLF at the end")
    func csv() {
        #expect(
            text(.csv)
                == "path,current,maxc,why\r\nmail/0/0,5,-,-\r\n0/1,1200,400,\"a\tb, \"\"c\"\"\"\r\n"
        )
        let lines = ["a\tb", "1\\n2\t\r"]
        #expect(ReplyFormat.csv.text(lines, [], isTable: true) == "a,b\r\n\"1\n2\",\"'\r\"\r\n")
        #expect(ReplyFormat.csv.text(["x,y", "z"], [], isTable: false) == "\"x,y\"\r\nz\r\n")
    }

    @Test("raw: the lines as they came")
    func raw() {
        #expect(text(.raw) == Self.lines.map { $0 + "\n" }.joined())
    }

    @Test(
        "which answers are tables",
        arguments: [
            (["show", "channels"], ["a\tb"], true), (["show", "channels"], [], false),
            (["help"], ["a\tb"], false), (["metrics"], ["a\tb"], false),
            (["watch", "1", "show", "channels"], ["a\tb"], true),
            (["watch", "1", "metrics"], ["a\tb"], false), (["show", "config"], ["a"], false),
        ])
    func tables(words: [String], lines: [String], isTable: Bool) {
        #expect(ReplyFormat.isTable(words, lines: lines) == isTable)
    }
}
