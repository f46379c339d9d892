internal import Shared

// Going back in time and forth again.
extension Model {
    /// A step of `{` and `}`.
    static let leapMilliseconds: UInt64 = 60_000

    mutating func travel(_ command: Binding.Command) {
        let rounds = tape.rounds
        guard !rounds.isEmpty else {
            tell("nothing is recorded yet")
            return
        }
        let newest = rounds.count - 1
        let here = past.flatMap { tape.index(of: $0.number) } ?? newest
        let time = rounds[here].at.milliseconds
        let wanted: Int
        switch command {
        case .earlier: wanted = here - 1
        case .later: wanted = here + 1
        case .muchEarlier:
            wanted = rounds.lastIndex { $0.at.milliseconds + Self.leapMilliseconds <= time } ?? 0
        default:
            wanted =
                rounds.firstIndex { $0.at.milliseconds >= time + Self.leapMilliseconds } ?? newest
        }
        if past == nil, wanted >= newest {
            tell("this is the present; [ goes back")
        } else if wanted < 0 {
            past?.model.tell("nothing older is recorded")
        } else if wanted >= newest {
            returnToPresent()
        } else {
            past = Past(self, at: wanted, stand: past?.model ?? self)
        }
    }

    mutating func returnToPresent() {
        guard let past else { return tell("this is the present") }
        self.past = nil
        stand(like: past.model)
        hurry()
        settle()
    }

    /// A key while the past is on the screen: it moves and looks there, and changes nothing here.
    mutating func pressInPast(_ key: Key) -> [Effect] {
        guard let open = past?.model else { return [] }
        let command = open.prompt == nil ? keys.command(for: key, on: open.page) : nil
        switch command {
        case .earlier, .later, .muchEarlier, .muchLater:
            if let command { travel(command) }
            return []
        case .live:
            returnToPresent()
            return []
        case .back where open.overlay == nil && open.pagesBefore.isEmpty,
            .close where open.overlay == nil && open.pagesBefore.isEmpty:
            returnToPresent()
            return []
        default: break
        }
        let effects = past?.model.press(key) ?? []
        return effects.filter { effect in
            switch effect {
            case .quit, .leave, .repaint, .suspend, .remember, .bell, .write, .copy, .keepView,
                .forgetView:
                true
            case .connect, .disconnect, .send, .record: false
            }
        }
    }
}
