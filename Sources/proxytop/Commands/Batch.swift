internal import Shared

/// Reports on standard output: once, or at every interval.
struct BatchReport: ~Copyable {
    private let options: BatchOptions
    /// nil: the whole daemon.
    private let view: String?
    private let capabilities: Capabilities
    private var once: OneShot
    private var isFirst = true

    struct Failure: Error {
        var status: ExitStatus
        var message: String
    }

    /// The views that a report knows, besides the screen's own names.
    static let views = ["overview", "channels", "groups", "listeners", "conns", "events"]

    init(
        _ options: BatchOptions, view: String?, _ capabilities: Capabilities,
        _ once: consuming OneShot
    ) {
        self.options = options
        self.view = view ?? (options.choosesRows ? "channels" : nil)
        self.capabilities = capabilities
        self.once = consume once
    }

    /// Writes until it is done; a reader that has gone ends it, too.
    mutating func run() throws(Failure) -> Int32 {
        if options.plain { return try runPlain() }
        try expect(once.look(twice: !options.noRates))
        if options.check != nil || options.warn != nil { return checked() }
        while true {
            let text = try report()
            guard StandardStream.output.write(text), options.follow else { return 0 }
            isFirst = false
            try expect(once.lookAgain())
        }
    }

    private func expect(_ failure: (status: ExitStatus, message: String)?) throws(Failure) {
        if let failure { throw Failure(status: failure.status, message: failure.message) }
    }

    /// The word that a monitoring system shows, and its exit code.
    private func checked() -> Int32 {
        let check = options.check.flatMap { try? Summary.Check($0) }
        let warn = options.warn.flatMap { try? Summary.Check($0) }
        let (verdict, line) = Summary(once.model).verdict(critical: check, warning: warn)
        StandardStream.output.write(line + "\n")
        return verdict.rawValue
    }

    private mutating func runPlain() throws(Failure) -> Int32 {
        var lines = PlainLines()
        try expect(once.look(twice: false))
        while true {
            let text = lines.news(once.model).map { $0 + "\n" }.joined()
            guard text.isEmpty || StandardStream.output.write(text) else { return 0 }
            once.turn()
            try expect(once.end)
        }
    }

    private mutating func report() throws(Failure) -> String {
        if options.status { return Summary(once.model).line + "\n" }
        guard let view else { return whole() }
        let sheet = try sheet(view)
        let model = once.model
        if options.json {
            let time = JSONString.quoted(CalendarTime(seconds: model.now.wallSeconds).iso)
            return "{\"schema\":\(JSONReport.schema),\"time\":\(time),\"view\":"
                + "\(JSONString.quoted(view)),\"rows\":\(sheet.json)}\n"
        }
        if options.csv {
            let time = options.follow ? CalendarTime(seconds: model.now.wallSeconds).iso : nil
            return sheet.csv(time: time, hasHeader: isFirst)
        }
        return (isFirst ? "" : "\n") + sheet.text
    }

    private func whole() -> String {
        if options.json { return JSONReport(model: once.model).text + "\n" }
        if options.csv {
            let model = once.model
            let time = options.follow ? CalendarTime(seconds: model.now.wallSeconds).iso : nil
            return ReportTable.channels(model).csv(time: time, hasHeader: isFirst)
        }
        return (isFirst ? "" : "\n") + TextScreen.text(of: once.model.report(capabilities))
    }

    private mutating func sheet(_ view: String) throws(Failure) -> ReportTable {
        if view == "conns" { return try connections() }
        var sheet: ReportTable
        let fields: FilterText.Fields
        switch view {
        case "groups":
            sheet = .groups(once.model)
            fields = .init(names: sheet.columns, searched: ["path", "role", "balance"])
        case "listeners":
            sheet = .listeners(once.model)
            fields = .init(names: sheet.columns, searched: ["path", "state", "address"])
        case "events":
            sheet = .events(once.model)
            fields = .events
        case "overview":
            sheet = .problems(once.model)
            fields = .init(names: sheet.columns, searched: ["severity", "state", "text"])
        default:
            sheet = .channels(once.model)
            // A report has rates under other names, and all failures instead of the latest.
            let names = ["err": "failed", "new": "new_per_s"]
            let aliases = FilterText.Fields.channels.aliases.merging(names) { _, own in own }
            fields = .init(
                names: sheet.columns, aliases: aliases.filter { sheet.columns.contains($0.value) },
                searched: FilterText.Fields.channels.searched)
        }
        do throws(FilterText.ParseError) {
            if let filter = options.filter { sheet.keep(try FilterText(filter, fields).filter) }
        } catch {
            throw Failure(status: .usage, message: "--filter: \(error.message)")
        }
        return try arranged(sheet, isSorted: false)
    }

    private func arranged(_ sheet: ReportTable, isSorted: Bool) throws(Failure) -> ReportTable {
        var sheet = sheet
        do throws(ReportTable.ParseError) {
            if let sort = options.sort, !isSorted { try sheet.sort(by: sort) }
            if let limit = options.limit { sheet.limit(limit) }
            if let cols = options.cols {
                try sheet.choose(cols.split(separator: ",").map(String.init))
            }
        } catch {
            throw Failure(status: .usage, message: error.message)
        }
        return sheet
    }

    /// Filtered, sorted and counted by the daemon.
    private mutating func connections() throws(Failure) -> ReportTable {
        var words = ["show", "sessions"]
        do throws(FilterText.ParseError) {
            if let filter = options.filter {
                words += ["where"] + (try FilterText(filter, .sessions)).words
            }
        } catch {
            throw Failure(status: .usage, message: "--filter: \(error.message)")
        }
        if let sort = options.sort { words += ["sort", sort] }
        if let limit = options.limit { words += ["limit", String(limit)] }
        let reply = once.ask(Request(words: words))
        try expect(once.end)
        switch reply {
        case .ok(_, let lines):
            let table = Table(lines: lines) ?? Table(columns: [])
            return try arranged(ReportTable(table), isSorted: true)
        case .error(_, let message): throw Failure(status: .usage, message: message)
        case nil: throw Failure(status: .noConnection, message: "no answer")
        }
    }
}
