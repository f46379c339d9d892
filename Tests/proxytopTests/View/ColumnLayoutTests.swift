import Testing

@testable import proxytop

@Suite("which columns a screen has")
struct ColumnLayoutTests {
    typealias Content = Column.Content

    @Test(
        "columns leave in the order of the design",
        arguments: [
            (
                80,
                [
                    Content.identity, .state, .endpoint, .weight, .connections, .new, .input,
                    .output, .errors, .connectTime, .trend,
                ]
            ),
            (
                79,
                [
                    .identity, .state, .endpoint, .weight, .connections, .new, .input, .output,
                    .errors, .connectTime, .trend,
                ]
            ),
            (
                70,
                [
                    .identity, .state, .endpoint, .weight, .connections, .new, .input, .output,
                    .errors, .connectTime,
                ]
            ),
            (
                63,
                [
                    .identity, .state, .endpoint, .weight, .connections, .new, .input, .output,
                    .errors,
                ]
            ),
            (
                60,
                [
                    .identity, .state, .endpoint, .weight, .connections, .new, .input, .output,
                    .errors,
                ]
            ),
            (59, [.identity, .state, .connections]),
            (40, [.identity, .state, .connections]),
            (
                120,
                [
                    .identity, .state, .since, .endpoint, .weight, .connections, .new, .input,
                    .output, .errors, .connectTime, .total, .trend,
                ]
            ),
            (
                160,
                [
                    .identity, .state, .since, .endpoint, .weight, .connections, .new, .input,
                    .output, .errors, .connectTime, .total, .next, .trend,
                ]
            ),
        ])
    func dropOrder(columns: Int, contents: [Content]) {
        #expect(ColumnLayout(columns: columns).contents == contents)
    }

    @Test("columns fit, do not touch, and the address has its twelve cells", arguments: 40...300)
    func fits(columns: Int) {
        for identity in [3, 14, 60] {
            let layout = ColumnLayout(
                columns: columns, identityWidth: identity, endpointWidth: 60)
            var end = 0
            for slot in layout.slots {
                #expect(slot.start > end)
                end = slot.end
                if slot.column.content == .endpoint { #expect(slot.width >= 12) }
            }
            #expect(end <= columns || columns < 72 && identity > 3)
        }
    }

    @Test("a narrower screen never has a column that a wider one lacks", arguments: 40...299)
    func monotonous(columns: Int) {
        let wider = ColumnLayout(columns: columns + 1).contents
        // At 100 every column becomes wider, so there a few may go.
        guard columns != 99 else { return }
        #expect(ColumnLayout(columns: columns).contents.allSatisfy { wider.contains($0) })
    }
}
