internal import Shared

// Keys while a text lies over the page.
extension Model {
    /// What a key does to the text; nil: what it does everywhere.
    mutating func browse(_ key: Key) -> [Effect]? {
        guard let open = navigation.overlay else { return nil }
        let command = preferences.keys.command(for: key, on: .channels)
        switch (open, key) {
        case (_, .character("/")), (_, .function(3)):
            openPrompt(.search)
            return []
        case (.help(let choice), .enter): return runFromHelp(choice.chosen)
        case (.menu(let choice), .enter): return choose(choice.chosen)
        case (.views(let choice), .enter):
            guard preferences.savedViews.indices.contains(choice.chosen) else { return [] }
            navigation.overlay = nil
            restore(preferences.savedViews[choice.chosen])
            return []
        case (.columns(let choice), .enter), (.columns(let choice), .character(" ")):
            toggleColumn(choice.chosen)
            return []
        case (.sorting(let choice), .enter):
            chooseOrder(choice.chosen)
            return []
        default: break
        }
        switch command {
        case .nextMatch, .matchBefore:
            search(command == .nextMatch ? 1 : -1)
            return []
        case .unmark:
            guard case .columns = open else { return nil }
            resetColumns()
            return []
        case .columns, .menu, .undoList, .sorting:
            // The key that opened it closes it, too.
            let same =
                switch (command, open) {
                case (.columns, .columns), (.menu, .menu), (.undoList, .undo),
                    (.sorting, .sorting):
                    true
                default: false
                }
            guard same else { return nil }
            navigation.overlay = nil
            return []
        default: return nil
        }
    }

    /// Every line of the help that has a key can be done from there.
    private mutating func runFromHelp(_ index: Int) -> [Effect] {
        let lines = HelpPage.entries(self, .ascii)
        guard lines.indices.contains(index), let binding = lines[index].binding else {
            notify("there is nothing to do on that line; go to a key")
            return []
        }
        guard binding.pages.contains(navigation.page) else {
            let views = binding.pages.sorted { $0.rawValue < $1.rawValue }
                .map { "\($0.rawValue) \($0.title)" }
            notify("that does something in \(views.joined(separator: ", "))", isError: true)
            return []
        }
        navigation.overlay = nil
        return run(binding.command)
    }

    /// The chosen line of the menu is done as if its key had been pressed.
    private mutating func choose(_ index: Int) -> [Effect] {
        let items = ActionMenu(self).items
        guard items.indices.contains(index) else { return [] }
        if let obstacle = items[index].obstacle {
            notify(obstacle, isError: true)
            return []
        }
        navigation.overlay = nil
        return run(items[index].binding)
    }

    // MARK: Looking for words in a text

    /// The line with the words; below the present one, or above it.
    mutating func search(_ step: Int) {
        guard let open = navigation.overlay else { return }
        guard !navigation.searchedText.isEmpty else {
            return notify("/ looks for words in this text")
        }
        let lines = TextPage(overlay: open, model: self).lines.map(\.text)
        let here = open.choice?.chosen ?? open.top
        let room = max(1, size.rows - TextPage.frame)
        for distance in 1...max(1, lines.count) {
            let index =
                ((here + step * distance) % max(1, lines.count) + lines.count) % max(1, lines.count)
            guard lines.indices.contains(index), Self.has(lines[index], navigation.searchedText)
            else {
                continue
            }
            if navigation.overlay?.choice != nil {
                navigation.overlay?.choice?.go(to: index, lines: lines.count, room: room)
            } else {
                navigation.overlay?.top = min(index, max(0, lines.count - room))
            }
            return
        }
        notify("no line has “\(navigation.searchedText)”")
    }

    static func has(_ line: String, _ words: String) -> Bool {
        line.lowercased().contains(words.lowercased())
    }
}
