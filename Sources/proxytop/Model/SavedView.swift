internal import Shared

/// How a view looks, to come back to: which one it is, its filter, order and columns. As a line of a file it is
/// `name` and then `key=value`, tabs between them.
struct SavedView: Equatable, Sendable {
    static let longestName = 40
    static let mostViews = 50

    var name: String
    var page: Page
    var filter: String?
    /// As `:sort` takes it.
    var order: String?
    var isFlat = false
    var channels = ColumnChoice<Column.Content>()
    var sessions = ColumnChoice<SessionColumn.Content>()
    var showsBits = false
    var showsClock = false

    init(_ model: Model, name: String) {
        self.name = name
        // The detail is of something that will not be there for ever.
        page =
            model.navigation.page == .detail
            ? model.navigation.pagesBefore.last ?? .channels : model.navigation.page
        let filter = model.filterText(of: page)
        self.filter = filter.isEmpty ? nil : filter
        switch page {
        case .channels:
            order = model.selection.channelOrder.map {
                ($0.isDescending ? "-" : "") + $0.field.rawValue
            }
        case .connections: order = model.data.window.order.word
        case .overview, .events, .detail: break
        }
        isFlat = model.isFlat
        channels = model.preferences.channelColumns
        sessions = model.preferences.sessionColumns
        showsBits = model.preferences.showsBits
        showsClock = model.preferences.showsClock
    }

    /// What follows the name in a list.
    var description: String {
        var text = page.title.lowercased()
        if let filter { text += "  filter: \(filter)" }
        if let order { text += "  sort: \(order)" }
        if isFlat, page == .channels { text += "  group: off" }
        return text
    }

    // MARK: As a line

    var line: String {
        var cells = [name, "view=" + page.title.lowercased()]
        if let filter { cells.append("filter=" + filter) }
        if let order { cells.append("sort=" + order) }
        if !channels.isEmpty { cells.append("columns=" + channels.words) }
        if !sessions.isEmpty { cells.append("connection-columns=" + sessions.words) }
        if isFlat { cells.append("flat=yes") }
        if showsBits { cells.append("bits=yes") }
        if showsClock { cells.append("clock=yes") }
        var bytes: [UInt8] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(0x09) }
            Escape.append(cell, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// nil for a line that is torn, or was never one of ours; what is not known in it is passed over.
    init?(line: String) {
        let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
            .map { Escape.unescaped(String($0)) }
        guard let name = cells.first, Self.objection(to: name) == nil else { return nil }
        var values: [String: String] = [:]
        for cell in cells.dropFirst() {
            guard let sign = cell.firstIndex(of: "=") else { continue }
            values[String(cell[..<sign])] = String(cell[cell.index(after: sign)...])
        }
        guard let page = values["view"].flatMap(Page.init(named:)), page != .detail else {
            return nil
        }
        self.name = name
        self.page = page
        // What cannot be understood any more is not used as a filter.
        if let text = values["filter"], let fields = Model.fields(of: page),
            (try? FilterText(text, fields)) != nil
        {
            filter = text
        }
        order = values["sort"].flatMap { Self.isOrder($0, of: page) ? $0 : nil }
        channels = ColumnChoice(words: values["columns"] ?? "")
        sessions = ColumnChoice(words: values["connection-columns"] ?? "")
        isFlat = values["flat"] == "yes"
        showsBits = values["bits"] == "yes"
        showsClock = values["clock"] == "yes"
    }

    private static func isOrder(_ word: String, of page: Page) -> Bool {
        let name = word.hasPrefix("-") ? String(word.dropFirst()) : word
        return switch page {
        case .channels: ChannelOrder.Field(rawValue: name) != nil
        case .connections: SessionField(named: name) != nil
        case .overview, .events, .detail: false
        }
    }

    /// Why a view cannot be called so; nil: it can.
    static func objection(to name: String) -> String? {
        let letters = "-_.".unicodeScalars
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil || letters.contains($0)
        }
        if name.isEmpty || !isPlain || name.count > longestName {
            return "a name has letters, digits, - _ and . and at most \(longestName) of them"
        }
        if Page(named: name) != nil { return "“\(name)” is a view already" }
        return nil
    }
}

extension [SavedView] {
    /// The file's text; foreign lines are left out.
    init(text: String) {
        self = text.split(whereSeparator: \.isNewline).prefix(SavedView.mostViews)
            .compactMap { SavedView(line: String($0)) }
    }

    var text: String { map { $0.line + "\n" }.joined() }

    /// One more, in the place of one of the same name.
    mutating func keep(_ view: SavedView) {
        removeAll { $0.name == view.name }
        append(view)
        sort { $0.name < $1.name }
    }
}
