import Shared
import Testing

@testable import proxytop

@Suite("reports")
struct SheetTests {
    private static func sheet() -> ReportTable {
        ReportTable(
            columns: ["path", "current", "rate", "label"],
            rows: [
                ["a", "10", "0.500", "007"], ["b", "-", "12.000", "x,\"y\""], ["c", "9", "-", "-"],
            ])
    }

    @Test(
        "rows are sorted by size, what does not apply comes last either way",
        arguments: [
            ("current", "cab"), ("-current", "acb"), ("rate", "abc"), ("-rate", "bac"),
            ("-path", "cba"), ("label", "abc"),
        ])
    func sorted(by column: String, order: String) throws {
        var sheet = Self.sheet()
        try sheet.sort(by: column)
        #expect(sheet.rows.map { $0[0] }.joined() == order)
    }

    @Test(
        "columns are chosen in the order given; one that is not there is named with those that are")
    func columns() throws {
        var sheet = Self.sheet()
        try sheet.choose(["rate", "path"])
        #expect(sheet.rows[1] == ["12.000", "b"])
        do throws(ReportTable.ParseError) {
            try sheet.choose(["nope"])
            Issue.record("taken")
        } catch {
            #expect(error.message == "--cols: no column “nope” here; there are rate path")
        }
    }

    @Test("JSON has numbers as numbers, names as texts and null for what does not apply")
    func json() {
        #expect(
            Self.sheet().json == #"[{"path":"a","current":10,"rate":0.500,"label":"007"},"#
                + #"{"path":"b","current":null,"rate":12.000,"label":"x,\"y\""},"#
                + #"{"path":"c","current":9,"rate":null,"label":null}]"#)
    }

    @Test("CSV quotes what must be, and has the time in front when it goes on")
    func csv() {
        #expect(
            Self.sheet().csv() == "path,current,rate,label\r\na,10,0.500,007\r\n"
                + "b,,12.000,\"x,\"\"y\"\"\"\r\nc,9,,\r\n")
        #expect(
            Self.sheet().csv(time: "T", hasHeader: false).hasPrefix("T,a,10,0.500,007\r\n"))
    }

    @Test(
        "a check is critical before it is a warning, and good when neither holds",
        arguments: [
            ("down > 0", nil, Summary.Verdict.critical, "CRITICAL: down > 0: "),
            ("down > 1", "full >= 2", .warning, "WARNING: full >= 2: "),
            ("down > 0", "full >= 2", .critical, "CRITICAL: down > 0: "),
            ("down > 1 or used_percent > 90", nil, .good, "OK: "),
            ("usable < 6 and problems > 1", nil, .critical, "CRITICAL: "),
            ("host = lb1", nil, .critical, "CRITICAL: "),
        ] as [(String, String?, Summary.Verdict, String)])
    func checks(critical: String, warning: String?, verdict: Summary.Verdict, start: String) throws
    {
        let summary = Summary(Stage.live().model)
        let answer = summary.verdict(
            critical: try Summary.Check(critical),
            warning: try warning.map { try Summary.Check($0) })
        #expect(answer.verdict == verdict)
        #expect(answer.line.hasPrefix(start), "\(answer.line)")
        #expect(
            answer.line.hasSuffix("lb1 1 down 2 full 1 grace 1284 conn 125.0/s"), "\(answer.line)")
    }

    @Test("a condition that cannot be one says why", arguments: ["", "down", "nope > 1", "down >"])
    func badChecks(text: String) {
        #expect(throws: FilterText.ParseError.self) { try Summary.Check(text) }
    }

    @Test("plain lines tell what changes, and nothing twice")
    func plain() {
        var stage = Stage.live()
        stage.story.addEvents()
        stage.pass(milliseconds: 1000)
        var lines = PlainLines()
        let first = lines.news(stage.model)
        #expect(
            first[0].hasSuffix("lb1: proxyd 1.4, pid 4121, 9 channels, 5 usable, 1284 connections"))
        #expect(first.contains { $0.contains("problem: 0.3 down") })
        #expect(!first.contains { $0.contains("10.0.1.13 is down") }, "what was before is no news")
        #expect(lines.news(stage.model).isEmpty)
        stage.story.channels[3].state = .up
        stage.story.events.append(
            Story.event(
                50, at: stage.story.milliseconds, "channel mail/0/3", "channel mail/0/3 is back"))
        stage.pass(milliseconds: 1000)
        let second = lines.news(stage.model)
        #expect(second.contains { $0.hasSuffix("notice: channel mail/0/3 is back") })
        #expect(second.contains { $0.contains("solved: 0.3 down") })
        stage.send(.disconnected(reason: "gone"))
        #expect(
            lines.news(stage.model).map { String($0.dropFirst(9)) } == ["the link is lost: gone"])
        #expect(lines.news(stage.model).isEmpty)
    }
}
