internal import ArgumentParser
internal import Shared

/// The options of everything that is written to standard output instead of a screen.
struct BatchOptions: ParsableArguments {
    @Flag(help: "Print one plain table and end.")
    var once = false
    @Flag(help: "Print one JSON object and end.")
    var json = false
    @Flag(help: "Print CSV and end.")
    var csv = false
    @Flag(help: "One line about the whole daemon, for a status bar.")
    var status = false
    @Option(
        help: ArgumentHelp(
            "Exit 2 when this holds, with one line about it: “down > 0 or used_percent > 95”.",
            valueName: "condition"))
    var check: String?
    @Option(
        help: ArgumentHelp("Exit 1 when this holds and --check's does not.", valueName: "condition")
    )
    var warn: String?
    @Flag(help: "A line for each change instead of a screen; for screen readers and logs.")
    var plain = false
    @Flag(help: "With --once, --json, --csv and --status: again at every interval.")
    var follow = false
    @Flag(help: "Do not wait for a second look; rates are unknown.")
    var noRates = false
    @Option(
        help: ArgumentHelp("Only rows that match, as behind / on the screen.", valueName: "filter"))
    var filter: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("By this column, [-] from the greatest down.", valueName: "[-]column"))
    var sort: String?
    @Option(help: ArgumentHelp("At most so many rows.", valueName: "n"))
    var limit: Int?
    @Option(
        help: ArgumentHelp(
            "These columns, in this order: path,state,current.", valueName: "columns"))
    var cols: String?

    /// Whether a monitoring system asks.
    var isCheck: Bool { check != nil || warn != nil }
    /// Whether there is no screen.
    var isAsked: Bool { once || json || csv || status || plain || check != nil || warn != nil }
    /// Whether rows are chosen, so that a whole report is not what is wanted.
    var choosesRows: Bool { filter != nil || sort != nil || limit != nil || cols != nil }

    func validate() throws {
        let forms = [once, json, csv, status, plain, check != nil || warn != nil]
        guard forms.count(where: { $0 }) <= 1 else {
            throw ValidationError(
                "--once, --json, --csv, --status, --plain and --check: only one of them")
        }
        if follow, plain || check != nil || warn != nil || !isAsked {
            throw ValidationError("--follow goes with --once, --json, --csv or --status")
        }
        if choosesRows, status || plain || check != nil || warn != nil {
            throw ValidationError(
                "--filter, --sort, --limit and --cols go with --once, --json or --csv")
        }
        if let limit, limit < 1 { throw ValidationError("--limit: \(limit) is not above 0") }
        do throws(FilterText.ParseError) {
            for text in [check, warn].compactMap({ $0 }) { _ = try Summary.Check(text) }
        } catch {
            throw ValidationError("--check: \(error.message)")
        }
    }
}
