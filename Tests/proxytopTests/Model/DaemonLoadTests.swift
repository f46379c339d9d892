import Shared
import Testing

@testable import proxytop

@Suite("what the daemon takes of its machine")
struct BurdenTests {
    private func table(cpu: String, used: String = "1771") -> Table {
        var table = Table(columns: ["name", "used", "limit"])
        table.append(["descriptors", used, "8192"])
        table.append(["cpu_ms", cpu, "-"])
        return table
    }

    @Test("a part of one core comes of two looks, and never of a counter that went back")
    func percent() {
        var load = DaemonLoad()
        load.receive(table(cpu: "5000"), at: 100_000)
        #expect(load.percent == nil)
        #expect(load.text(gap: "  ") == "fds 1771/8192")
        load.receive(table(cpu: "6120"), at: 110_000)
        #expect(load.text(gap: "  ") == "cpu 11.2%  fds 1771/8192")
        load.receive(table(cpu: "20"), at: 120_000)
        #expect(load.percent == 11.2)
        load.receive(table(cpu: "-", used: "-"), at: 130_000)
        #expect(load.text(gap: "  ").isEmpty)
        load.receive(nil, at: 140_000)
        #expect(load.text(gap: "  ").isEmpty)
    }

    @Test("only a header with room for it asks, and seldom")
    func asking() {
        var wide = Stage.live(columns: 160, rows: 40)
        #expect(wide.lines[0].contains("cpu 11.1%  fds 1771/8192"))
        wide.asked = []
        for _ in 0..<20 { wide.pass(milliseconds: 1000) }
        #expect(wide.asked.count { $0 == "show limits" } == 2)
        let narrow = Stage.live(columns: 159, rows: 40)
        #expect(!narrow.asked.contains("show limits"))
        #expect(!narrow.text.contains("cpu "))
    }

    @Test("the header says what is left, of the group that comes off worst")
    func reserve() {
        let stage = Stage.live(columns: 160, rows: 40)
        #expect(stage.lines[2].hasSuffix("headroom G0 0%   if one more is lost: 3 clients refused"))
        #expect(stage.lines[1].hasSuffix("peak 15m 138MB/s"))
        let narrow = Stage.live(columns: 120, rows: 40)
        #expect(narrow.lines[2].hasSuffix("headroom G0 0%"))
        var story = Story()
        for index in story.channels.indices { story.channels[index].maxc = nil }
        let open = Stage.live(columns: 160, rows: 40, story: story)
        #expect(!open.text.contains("headroom"))
        #expect(open.lines[2].hasSuffix("if one more is lost: ok, goes to G0"))
    }
}
