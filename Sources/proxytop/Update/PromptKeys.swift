internal import Shared

// Keys while a line is being typed.
extension Model {
    mutating func openPrompt(_ purpose: Prompt.Purpose, text: String = "") {
        if purpose != .search { navigation.overlay = nil }
        guard arrangement.kind == .table else {
            notify("the window is too small to type in", isError: true)
            return
        }
        var before = text
        if case .filter(let page) = purpose { before = filterText(of: page) }
        actions.notice = nil
        actions.prompt = Prompt(purpose, text: before)
        actions.prompt?.openedAt = now.milliseconds
    }

    mutating func openValue(_ command: Binding.Command, _ targets: [Act.Target]) {
        let channel = targets.first?.serials.first.flatMap { snapshot?.channel(serial: $0) }
        if command == .weight {
            openPrompt(.weight, text: channel.map { String($0.weight) } ?? "")
        } else {
            openPrompt(.maxc, text: channel.map { $0.maxc.cell } ?? "")
        }
    }

    mutating func type(_ key: Key) -> [Effect] {
        guard var open = actions.prompt else { return [] }
        // A letter has opened it, so what is typed into the wrong window may begin with that. What comes later is meant.
        if open.purpose == .saveView, key.isPrintable, !actions.isPasting,
            now.elapsed(since: open.openedAt) <= TypingGuard.spanMilliseconds,
            actions.typingGuard.isBurst(at: now.milliseconds, isHarmless: false)
        {
            actions.prompt = nil
            notify("that looks typed into the wrong window: ignored", isError: true)
            return []
        }
        switch key {
        case .escape, .control("c"), .control("g"): actions.prompt = nil
        case .control("z"): return [.suspend]
        case .control("l"): return [.repaint]
        // A line end in pasted text ends nothing: the operator reads first.
        case .enter where actions.isPasting: break
        case .enter:
            actions.prompt = nil
            return submit(open)
        case .tab:
            if open.purpose == .command {
                let completion = Completion(
                    open.head, connection.catalog, snapshot,
                    views: preferences.savedViews.map(\.name))
                open.replaceHead(with: completion.head)
                open.remark = completion.offer
            }
            actions.prompt = open
        case .backspace where open.text.isEmpty: actions.prompt = nil
        default:
            _ = open.edit(key, history: open.purpose == .command ? actions.pastLines : [])
            actions.prompt = open
        }
        return []
    }

    private mutating func submit(_ open: Prompt) -> [Effect] {
        switch open.purpose {
        case .command: return runLine(open.text)
        case .filter(let page): apply(filter: open.text, to: page)
        case .find(let page): find(open.text, on: page)
        case .search:
            navigation.searchedText = open.text
            if !navigation.searchedText.isEmpty { search(1) }
        case .saveView: return saveView(open)
        case .weight:
            guard let weight = UInt64(open.text), weight <= 1_000_000 else {
                return refuse(open, "a weight is a number, as in 100")
            }
            return submit(.weight(weight))
        case .maxc:
            if ["-", "none", "default"].contains(open.text) { return submit(.maxc(nil)) }
            guard let maxc = UInt64(open.text), maxc > 0 else {
                return refuse(open, "maxc is a number above 0, or - for none")
            }
            return submit(.maxc(maxc))
        }
        return []
    }

    mutating func refuse(_ open: Prompt, _ text: String) -> [Effect] {
        var again = open
        again.remark = text
        actions.prompt = again
        return []
    }

    // MARK: Filters

    /// A bad one leaves the last good one as it was, and stays to be mended.
    mutating func apply(filter text: String, to page: Page) {
        guard let fields = Self.fields(of: page) else { return }
        var filter: FilterText?
        let isEmpty = text.allSatisfy { $0 == " " }
        do throws(FilterText.ParseError) {
            filter = isEmpty ? nil : try FilterText(text, fields, names: channelNames)
        } catch {
            actions.prompt = Prompt(.filter(page), text: text)
            actions.prompt?.remark = error.message
            return
        }
        switch page {
        case .channels:
            channelFilter = filter
            dropMarks(of: page, unlike: filter, was: nil)
        case .connections:
            guard time.mode == .present else {
                notify("these are the rows that were asked for then; they cannot be filtered now")
                return
            }
            dropMarks(of: page, unlike: filter, was: data.window.filter)
            data.window.filter = filter
            requery()
        default: selection.eventFilter = filter
        }
        settle()
    }

    /// What a filter hides is not meant any more: nothing is done to rows that are not on the screen.
    private mutating func dropMarks(of page: Page, unlike filter: FilterText?, was: FilterText?) {
        let before = selection.marks.count
        if page == .channels {
            guard let matching = data.matching else { return }
            selection.marks = selection.marks.filter { mark in
                if case .channel(let serial) = mark { matching.contains(serial) } else { true }
            }
        } else {
            guard filter != was else { return }
            selection.marks = selection.marks.filter {
                if case .session = $0 { false } else { true }
            }
        }
        let dropped = before - selection.marks.count
        if dropped > 0 {
            notify("\(dropped) mark\(dropped == 1 ? "" : "s") taken off by the filter")
        }
    }
}
