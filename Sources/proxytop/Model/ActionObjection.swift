internal import Shared

// What an action would be done to, and why it cannot be.
extension Model {
    /// What the operator means: everything marked, or what is under the cursor. nil, once it was said why not.
    func subjects(for command: Binding.Command) -> [Subject] {
        let marked = standingMarks
        guard !marked.isEmpty else { return subject.map { [$0] } ?? [] }
        // In the order of the screen, whatever the order of marking.
        return marked.sorted { order(of: $0) < order(of: $1) }
    }

    /// The marks that a key acts on here; in another part of the view it is the thing under the cursor.
    var standingMarks: Set<Subject> {
        guard navigation.focus == .table else { return [] }
        return selection.marks.filter { mark in
            if case .session = mark {
                navigation.page == .connections
            } else {
                navigation.page == .channels
            }
        }
    }

    private func order(of subject: Subject) -> UInt64 {
        if case .session(let id) = subject { return id }
        return outline.index(of: subject).map { UInt64($0) } ?? .max
    }

    /// Why a key can do nothing here; nil: it can.
    func objection(to command: Binding.Command) -> String? {
        if command == .killLast {
            guard lastOfDrain == nil else { return nil }
            return draining == nil
                ? "no channel here drains"
                : "no connection of this drain has been silent for a minute"
        }
        guard let snapshot, !subjects(for: command).isEmpty else {
            return "nothing is under the cursor"
        }
        let targets = subjects(for: command).compactMap {
            Act.Target($0, in: snapshot, data.window)
        }
        guard !targets.isEmpty else { return "nothing here can be switched; go to a channel" }
        for target in targets {
            if let objection = objection(to: command, target) { return objection }
        }
        if command == .clear {
            let serials = targets.reduce(into: Set<UInt64>()) { $0.formUnion($1.serials) }
            let isWaiting = snapshot.channels.contains {
                serials.contains($0.serial) && $0.state == .auto
            }
            if !isWaiting { return "nothing there was switched off by autodisable" }
        }
        return nil
    }

    func objection(to command: Binding.Command, _ target: Act.Target) -> String? {
        switch (target.subject, command) {
        case (.session, .kill), (.channel, _): nil
        case (_, .lighter), (_, .heavier):
            "\(target.name) is not a channel: go to one to change its weight"
        case (.session, _): "a connection can only be cut (K)"
        case (_, .weight), (_, .maxc):
            "\(target.name) is not a channel: go to one for weight and maxc"
        case (_, .kill):
            "\(target.name) is not a channel: X cuts the connections of all its channels"
        default: nil
        }
    }

    var lastOfDrain: SessionSnapshot? {
        guard let draining, data.sidePanel.lingering?.serial == draining.serial else { return nil }
        return data.sidePanel.lingering?.session
    }
}
