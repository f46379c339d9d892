/// How many rows each part of the overview gets: what is wrong comes first, then what is left, then the past.
struct OverviewLayout: Equatable, Sendable {
    /// With their headings.
    let problemHeight: Int
    let groupHeight: Int
    let stripHeight: Int
    /// The rows of one strip.
    let stripRows: Int
    let eventHeight: Int

    private static let fewestProblems = 3
    private static let strips = 4
    static let mostStripRows = 4
    /// So many events are worth more than taller strips.
    private static let fewestEvents = 6
    static let stripLabel = 10
    /// Fewer cells show nothing useful.
    private static let fewestCells = 20

    init(_ model: Model) {
        let lines = model.arrangement
        guard let snapshot = model.snapshot else {
            (problemHeight, groupHeight, stripHeight, stripRows, eventHeight) = (0, 0, 0, 0, 0)
            return
        }
        var room = max(0, lines.tableTop + lines.tableHeight - lines.columnRow)
        let hasStrips =
            !model.preferences.isLean && Self.cells(columns: model.size.columns) >= Self.fewestCells
        let problems = model.problems.count
        let wanted = max(1, problems) + 1
        let least = min(wanted, Self.fewestProblems + 1)
        // A heading and the columns' titles stand above the groups.
        let groups = min(snapshot.groups.count + 2, max(0, room - least))
        room -= groups
        guard hasStrips, room - least > Self.strips else {
            (problemHeight, groupHeight) = (min(wanted, room), groups)
            (stripHeight, stripRows) = (0, 0)
            let rest = room - problemHeight
            eventHeight = rest > 1 && model.connection.catalog.has("show events") ? rest : 0
            return
        }
        room -= 1 + Self.strips
        (problemHeight, groupHeight) = (min(wanted, room), groups)
        // Room that nothing else needs shows more of the past.
        let events = min(model.data.log.events.count, 2 * Self.fewestEvents)
        let spare = room - problemHeight - 1 - max(Self.fewestEvents, events)
        stripRows = min(Self.mostStripRows, 1 + max(0, spare) / Self.strips)
        stripHeight = 1 + Self.strips * stripRows
        room -= Self.strips * (stripRows - 1)
        let rest = room - problemHeight
        eventHeight = rest > 1 && model.connection.catalog.has("show events") ? rest : 0
    }

    /// Beats that fit beside a strip's label and its scale.
    static func cells(columns: Int) -> Int { min(DaemonRates.mostBeats, columns - stripLabel - 10) }

    var groupRows: Int { max(0, groupHeight - 2) }
    var eventRows: Int { max(0, eventHeight - 1) }

    var panes: [Focus] {
        [.table] + (groupRows > 0 ? [.groups] : []) + (eventRows > 0 ? [.events] : [])
    }
}
