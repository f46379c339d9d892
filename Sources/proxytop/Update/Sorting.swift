internal import Shared

// The order of the rows: by the column before or behind, by one from the list of them, and turned round.
extension Model {
    /// `<` `>` `i`
    mutating func sort(_ command: Binding.Command) {
        if navigation.page == .channels { return sortChannels(command) }
        guard mayOrderSessions() else { return }
        if command == .invert {
            data.window.order.isDescending.toggle()
        } else {
            let fields = SessionColumn.shown(columns: size.columns, preferences.sessionColumns).map(
                \.field)
            guard !fields.isEmpty else { return }
            let present = fields.firstIndex(of: data.window.order.field) ?? 0
            let step = command == .sortRight ? 1 : fields.count - 1
            data.window.order.field = fields[(present + step) % fields.count]
        }
        requery()
    }

    private mutating func sortChannels(_ command: Binding.Command) {
        let fields = ChannelOrder.Field.allCases
        if command == .invert {
            guard selection.channelOrder != nil else {
                return notify("the order is the daemon's; > sorts")
            }
            selection.channelOrder?.isDescending.toggle()
            return reorder()
        }
        // One place in the round is the daemon's own order.
        let present =
            selection.channelOrder.flatMap { fields.firstIndex(of: $0.field) } ?? fields.count
        let step = command == .sortRight ? 1 : fields.count
        let next = (present + step) % (fields.count + 1)
        selection.channelOrder = fields.indices.contains(next) ? ChannelOrder(fields[next]) : nil
        reorder()
    }

    /// Other rows of the past were not asked for then.
    private mutating func mayOrderSessions() -> Bool {
        guard time.mode != .present else { return true }
        notify("these are the rows that were asked for then; their order stays")
        return false
    }

    /// `o`: the list of columns, with the cursor on the present one.
    mutating func openSortMenu() {
        if navigation.page == .connections, !mayOrderSessions() { return }
        let menu = SortMenu(self)
        var choice = Choice()
        choice.go(
            to: menu.present, lines: menu.items.count, room: max(1, size.rows - TextPage.frame))
        navigation.overlay = .sorting(choice)
    }

    /// Enter on a line of that list; on the present one it turns the order round.
    mutating func chooseOrder(_ index: Int) {
        let items = SortMenu(self).items
        guard items.indices.contains(index) else { return }
        navigation.overlay = nil
        switch items[index].key {
        case .channels(let field): order(by: field)
        case .sessions(let field): order(by: field)
        }
    }

    /// By a field; by the one that it is sorted by already: the other way round. nil: the daemon's own order.
    mutating func order(by field: ChannelOrder.Field?) {
        if let field, selection.channelOrder?.field == field {
            selection.channelOrder?.isDescending.toggle()
        } else {
            selection.channelOrder = field.map { ChannelOrder($0) }
        }
        reorder()
    }

    /// The same for the connections.
    mutating func order(by field: SessionField) {
        guard mayOrderSessions() else { return }
        if data.window.order.field == field {
            data.window.order.isDescending.toggle()
        } else {
            data.window.order = SessionWindow.Order(field: field, isDescending: true)
        }
        requery()
    }

    /// The present order is another one.
    mutating func reorder() {
        if let snapshot { selection.channelOrder?.settle(snapshot, data.history) }
        settle()
    }

    /// Another question about the connections; the rows come with the next answer.
    mutating func requery() {
        data.window.forget()
        data.search = nil
        navigation.movedAt = nil
        selection.sessionCursor = Cursor()
        hurry()
    }
}
