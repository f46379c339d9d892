internal import Shared

extension Model {
    /// The one way in: something happened at a moment, the model changes, and effects are returned.
    mutating func update(_ message: Message, at moment: Moment) -> [Effect] {
        now = moment
        time.past?.model.now = moment
        let shown = shownNow
        time.past?.model.time.presentNow = shown
        switch message {
        case .key(let key):
            let news = data.awaySummary.keyPressed(self)
            let effects = time.past == nil ? press(key) : pressInPast(key)
            if let news, actions.notice == nil { notify(news) }
            return effects
        case .connected: return greet()
        case .disconnected(let reason): return lost(reason)
        case .reply(let reply): return record(reply) + receive(reply)
        case .garbled(let line):
            return [.disconnect] + lost("the answer is not our protocol: “\(line)”")
        case .resized(let size):
            self.size = size
            settle()
            time.past?.model.size = size
            time.past?.model.settle()
            return []
        case .painted:
            actions.confirmation?.paint(at: now.milliseconds)
            time.past?.model.actions.confirmation?.paint(at: now.milliseconds)
            return []
        case .ask(let request):
            connection.link.ask(.asked, at: now.milliseconds)
            return [.send([request])]
        case .recorded(let entries, let isLast):
            replay(entries)
            if isLast {
                time.isReplayOver = true
                notify("the recording is over; [ and { go back in it, q quits")
            }
            return []
        case .recordingFailed(let reason):
            time.isRecording = false
            notify("recording has stopped: \(reason)", isError: true)
            return []
        case .written(let path, let fault):
            let text = fault.map { "\(path) was not written: \($0)" } ?? "written: \(path)"
            if time.past == nil { notify(text, isError: fault != nil) }
            time.past?.model.notify(text, isError: fault != nil)
            return []
        case .tick: return time.mode == .present ? tick() : []
        }
    }

    /// When the loop has to come back though nothing comes in.
    var nextDeadline: UInt64 {
        guard time.mode == .present else { return UInt64.max }
        var next = connection.link.nextDeadline
        if connection.link.isLive, connection.link.pending.isEmpty, let search = data.search?.nextAt
        {
            next = min(next, max(search, now.milliseconds))
        }
        if movesByItself { return min(next, now.milliseconds + 1000) }
        // The rows stop standing still by themselves.
        let held = navigation.movedAt.map { $0 + Self.holdMilliseconds }.flatMap {
            $0 > now.milliseconds ? $0 : nil
        }
        guard let first = connection.link.pending.first else { return min(next, held ?? next) }
        return min(next, first.sentAt + slowMilliseconds)
    }

    /// Whether the screen shows an age that grows without anything happening.
    var movesByItself: Bool {
        !connection.link.isLive || connection.link.waiting(at: now.milliseconds) >= slowMilliseconds
    }
}
