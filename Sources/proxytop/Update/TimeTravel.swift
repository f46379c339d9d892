internal import Shared

// Going back in time and forth again.
extension Model {
    /// A step of `{` and `}`.
    static let leapMilliseconds: UInt64 = 60_000

    mutating func travel(_ command: Binding.Command) {
        let rounds = time.replay.rounds
        guard !rounds.isEmpty else {
            notify("nothing is recorded yet")
            return
        }
        let newest = rounds.count - 1
        let here = time.past.flatMap { time.replay.index(of: $0.number) } ?? newest
        let then = rounds[here].at.milliseconds
        let wanted: Int
        switch command {
        case .earlier: wanted = here - 1
        case .later: wanted = here + 1
        case .muchEarlier:
            wanted = rounds.lastIndex { $0.at.milliseconds + Self.leapMilliseconds <= then } ?? 0
        default:
            wanted =
                rounds.firstIndex { $0.at.milliseconds >= then + Self.leapMilliseconds } ?? newest
        }
        if time.past == nil, wanted >= newest {
            notify("this is the present; [ goes back")
        } else if wanted < 0 {
            time.past?.model.notify("nothing older is recorded")
        } else if wanted >= newest {
            returnToPresent()
        } else {
            time.past = Past(self, at: wanted, stand: time.past?.model ?? self)
        }
    }

    mutating func returnToPresent() {
        guard let past = time.past else { return notify("this is the present") }
        self.time.past = nil
        stand(like: past.model)
        hurry()
        settle()
    }

    /// A key while the past is on the screen: it moves and looks there, and changes nothing here.
    mutating func pressInPast(_ key: Key) -> [Effect] {
        guard let open = time.past?.model else { return [] }
        let command =
            open.actions.prompt == nil
            ? preferences.keys.command(for: key, on: open.navigation.page) : nil
        switch command {
        case .earlier, .later, .muchEarlier, .muchLater:
            if let command { travel(command) }
            return []
        case .live:
            returnToPresent()
            return []
        case .back where open.navigation.overlay == nil && open.navigation.pagesBefore.isEmpty,
            .close where open.navigation.overlay == nil && open.navigation.pagesBefore.isEmpty:
            returnToPresent()
            return []
        default: break
        }
        let effects = time.past?.model.press(key) ?? []
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
