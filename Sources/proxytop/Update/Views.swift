internal import Shared

// Keeping views, forgetting them, and going back to one.
extension Model {
    /// `s`: keeps the view under a name. What looks like a file is written instead.
    mutating func saveView(_ open: Prompt) -> [Effect] {
        let name = String(open.text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        if name.contains("/") || [".txt", ".md", ".ptrec"].contains(where: name.hasSuffix) {
            return runLine("write \(name)")
        }
        if let objection = SavedView.objection(to: name) { return refuse(open, objection) }
        guard
            preferences.savedViews.count < SavedView.mostViews
                || preferences.savedViews.contains(where: { $0.name == name })
        else {
            return refuse(
                open, "there are \(preferences.savedViews.count) already; :forget NAME drops one")
        }
        let view = SavedView(self, name: name)
        preferences.savedViews.keep(view)
        notify("kept: :view \(name) shows it again, :view lists them")
        return [.keepView(view)]
    }

    /// `:forget NAME`
    mutating func forgetView(_ name: String) -> [Effect] {
        guard preferences.savedViews.contains(where: { $0.name == name }) else {
            notify("there is no view “\(name)”; :view lists them", isError: true)
            return []
        }
        preferences.savedViews.removeAll { $0.name == name }
        notify("forgotten: \(name)")
        return [.forgetView(name)]
    }

    mutating func restore(_ view: SavedView) {
        adopt(look: view)
        show(view.page)
        if Self.fields(of: view.page) != nil { apply(filter: view.filter ?? "", to: view.page) }
    }

    /// As it was when the program ended; columns that the operator's own file asks for come first.
    mutating func adopt(lastLook last: SavedView) {
        let (channels, sessions) = (preferences.channelColumns, preferences.sessionColumns)
        adopt(look: last)
        if !channels.isEmpty { preferences.channelColumns = channels }
        if !sessions.isEmpty { preferences.sessionColumns = sessions }
    }

    /// Everything of it but the view itself and its filter: what is hidden has to be seen to be hidden.
    mutating func adopt(look view: SavedView) {
        preferences.channelColumns = view.channels
        preferences.sessionColumns = view.sessions
        isFlat = view.isFlat
        preferences.showsBits = view.showsBits
        preferences.showsClock = view.showsClock
        let word = view.order ?? ""
        let isDescending = word.hasPrefix("-")
        let name = isDescending ? String(word.dropFirst()) : word
        switch view.page {
        case .channels:
            selection.channelOrder = ChannelOrder.Field(rawValue: name).map { ChannelOrder($0) }
            selection.channelOrder?.isDescending = isDescending
            reorder()
        case .connections where time.mode == .present:
            guard let field = SessionField(named: name) else { break }
            data.window.order = SessionWindow.Order(field: field, isDescending: isDescending)
            requery()
        default: break
        }
    }
}
