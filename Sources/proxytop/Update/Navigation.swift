internal import Shared

// From view to view.
extension Model {
    mutating func show(_ wanted: Page) {
        navigation.overlay = nil
        guard wanted != navigation.page else { return }
        if wanted == .detail {
            openDetail()
            return
        }
        leave(for: wanted)
    }

    private mutating func leave(for next: Page) {
        navigation.pagesBefore.removeAll { $0 == navigation.page }
        navigation.pagesBefore.append(navigation.page)
        navigation.page = next
        leavePanes()
        hurry()
        settle()
    }

    private mutating func leavePanes() {
        navigation.focus = .table
        navigation.paneTops = [:]
        navigation.movedAt = nil
    }

    /// False: there was no page before this one.
    mutating func goBack() -> Bool {
        guard let before = navigation.pagesBefore.popLast() else { return false }
        navigation.page = before
        leavePanes()
        hurry()
        settle()
        return true
    }

    mutating func turnPage(by step: Int) {
        // The detail is of something, so it is not passed through without anything.
        let pages = Page.allCases.filter { $0 != .detail || data.detail != nil }
        guard let present = pages.firstIndex(of: navigation.page) else { return }
        let next = pages[(present + step + pages.count) % pages.count]
        navigation.overlay = nil
        if next != navigation.page { leave(for: next) }
    }

    /// The thing under the cursor closely; a heading has nothing more to show.
    mutating func openDetail() {
        guard let wanted = detailSubject else {
            if navigation.page != .detail, data.detail != nil, subject == nil {
                return leave(for: .detail)
            }
            notify("there is nothing more to tell about that; go to a channel or a connection")
            return
        }
        let title: String
        switch wanted {
        case .channel(let serial): title = snapshot?.channel(serial: serial)?.path ?? "?"
        case .session(let id):
            title =
                "connection \(id)"
                + (data.window.session(id: id).map { " from \($0.client)" } ?? "")
        default: return
        }
        if data.detail?.subject != wanted {
            data.detail = Detail(wanted, title: title)
            navigation.detailTop = 0
        }
        leave(for: .detail)
    }

    /// A channel or a session; an event stands for the channel that it happened to.
    private var detailSubject: Subject? {
        switch subject {
        case .channel(let serial):
            snapshot?.channel(serial: serial) == nil ? nil : subject
        case .session: subject
        case .event(let id):
            data.log.event(id: id)?.serial.flatMap { serial in
                snapshot?.channel(serial: serial) == nil ? nil : .channel(serial: serial)
            }
        default: nil
        }
    }

    /// The timeline of what is under the cursor; of an event that of what it happened to, up to that time.
    mutating func askWhy() -> [Effect] {
        var wanted = subject
        var event: EventSnapshot?
        if case .event(let id) = subject {
            event = data.log.event(id: id)
            wanted = event.map(subject(of:))
        }
        if case .session(let id) = subject, let path = data.window.session(id: id)?.channel {
            wanted = snapshot?.channels.first { $0.path == path }.map {
                .channel(serial: $0.serial)
            }
        }
        guard let wanted, let title = whyTitle(wanted, isPresent: event == nil) else {
            notify("go to a channel, a group or an event for that")
            return []
        }
        var fresh = Why(subject: wanted, title: title + (event.map(whyTime) ?? ""))
        fresh.event = event
        data.why = fresh
        navigation.overlay = .why(top: 0)
        guard time.mode == .present, connection.link.isLive, connection.catalog.has("show history"),
            let request = fresh.request(snapshot)
        else {
            // There is no daemon to ask: what is known has to do.
            data.why?.samples = []
            return []
        }
        connection.link.ask(.why(wanted), at: now.milliseconds)
        return [.send([request])]
    }

    /// What an event happened to, as far as it is still there.
    private func subject(of event: EventSnapshot) -> Subject {
        if let snapshot {
            let name = event.subject.split(separator: " ", maxSplits: 1).last.map(String.init)
            let kind = event.subject.prefix { $0 != " " }
            if let serial = event.serial {
                if snapshot.group(serial: serial) != nil { return .group(serial: serial) }
                if snapshot.channel(serial: serial) != nil { return .channel(serial: serial) }
                if snapshot.listeners.contains(where: { $0.serial == serial }) {
                    return .listener(serial: serial)
                }
            }
            // Another one at the same place, or a service.
            if kind == "channel", let same = snapshot.channels.first(where: { $0.path == name }) {
                return .channel(serial: same.serial)
            }
            if kind == "service", let name, snapshot.services.contains(where: { $0.name == name }) {
                return .service(name)
            }
        }
        return .event(id: event.id)
    }

    /// `  at 02:36:40`, with the day when it was another one.
    private func whyTime(_ event: EventSnapshot) -> String {
        let seconds = Int64(min(event.timeMilliseconds, Bounds.milliseconds) / 1000)
        let local = seconds + shownNow.offsetSeconds
        let time = CalendarTime(seconds: local)
        let isToday = local / 86_400 == (shownNow.wallSeconds + shownNow.offsetSeconds) / 86_400
        return "  at " + (isToday ? "" : time.date + " ") + time.clock
    }

    private func whyTitle(_ subject: Subject, isPresent: Bool) -> String? {
        switch subject {
        case .channel(let serial):
            snapshot?.channel(serial: serial).map {
                "\($0.path)  \($0.address)" + (isPresent ? "  \($0.state.rawValue)" : "")
            }
        case .group(let serial): snapshot?.group(serial: serial).map { "group \($0.snapshot.path)" }
        case .service(let name): "service \(name)"
        case .listener(let serial):
            snapshot?.listeners.first { $0.serial == serial }.map {
                "listener \($0.path)  \($0.address)"
            }
        case .event(let id): data.log.event(id: id)?.subject
        default: nil
        }
    }

    mutating func showConnectionsOfChannel() {
        guard case .channel(let serial) = subject,
            let channel = snapshot?.channel(serial: serial)
        else {
            notify("go to a channel for that", isError: true)
            return
        }
        showConnections(of: [channel])
    }

    mutating func showConnections(of channels: [ChannelSnapshot]) {
        let conditions = channels.map { "channel = \(Request.quoted($0.path))" }
        apply(filter: conditions.joined(separator: " or "), to: .connections)
        show(.connections)
    }
}
