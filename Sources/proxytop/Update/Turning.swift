internal import Shared

// From view to view.
extension Model {
    mutating func show(_ wanted: Page) {
        overlay = nil
        guard wanted != page else { return }
        if wanted == .detail {
            openDetail()
            return
        }
        leave(for: wanted)
    }

    private mutating func leave(for next: Page) {
        pagesBefore.removeAll { $0 == page }
        pagesBefore.append(page)
        page = next
        movedAt = nil
        hurry()
        settle()
    }

    /// False: there was no page before this one.
    mutating func goBack() -> Bool {
        guard let before = pagesBefore.popLast() else { return false }
        page = before
        movedAt = nil
        hurry()
        settle()
        return true
    }

    mutating func turnPage(by step: Int) {
        // The detail is of something, so it is not passed through without anything.
        let pages = Page.allCases.filter { $0 != .detail || detail != nil }
        guard let present = pages.firstIndex(of: page) else { return }
        let next = pages[(present + step + pages.count) % pages.count]
        overlay = nil
        if next != page { leave(for: next) }
    }

    /// The thing under the cursor closely; a heading has nothing more to tell.
    mutating func openDetail() {
        guard let wanted = detailSubject else {
            if page != .detail, detail != nil, subject == nil { return leave(for: .detail) }
            tell("there is nothing more to tell about that; go to a channel or a connection")
            return
        }
        let title: String
        switch wanted {
        case .channel(let serial): title = picture?.channel(serial: serial)?.path ?? "?"
        case .session(let id):
            title = "connection \(id)" + (window.session(id: id).map { " from \($0.client)" } ?? "")
        default: return
        }
        if detail?.subject != wanted {
            detail = Detail(wanted, title: title)
            detailTop = 0
        }
        leave(for: .detail)
    }

    /// A channel or a session; an event stands for the channel that it happened to.
    private var detailSubject: Subject? {
        switch subject {
        case .channel(let serial):
            picture?.channel(serial: serial) == nil ? nil : subject
        case .session: subject
        case .event(let id):
            log.event(id: id)?.serial.flatMap { serial in
                picture?.channel(serial: serial) == nil ? nil : .channel(serial: serial)
            }
        default: nil
        }
    }

    mutating func showConnectionsOfChannel() {
        guard case .channel(let serial) = subject,
            let channel = picture?.channel(serial: serial)
        else {
            tell("go to a channel for that", isError: true)
            return
        }
        apply(filter: "channel = \(Request.quoted(channel.path))", to: .connections)
        show(.connections)
    }
}
