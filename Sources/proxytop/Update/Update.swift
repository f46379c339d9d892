internal import Shared

extension Model {
    /// The one way in: something happened at a moment, the model changes, and the world is told what to do.
    mutating func update(_ message: Message, at moment: Moment) -> [Effect] {
        now = moment
        switch message {
        case .key(let key): return press(key)
        case .connected: return greet()
        case .disconnected(let reason): return lost(reason)
        case .reply(let reply): return receive(reply)
        case .garbled(let line):
            return [.disconnect] + lost("the answer is not our protocol: “\(line)”")
        case .resized(let size):
            self.size = size
            settle()
            return []
        case .painted:
            confirmation?.isPainted = true
            return []
        case .tick: return tick()
        }
    }

    /// When the loop has to come back though nothing comes in.
    var nextDeadline: UInt64 {
        let seconds = now.milliseconds + 1000
        // The age of a lost link is on the screen and moves every second.
        return link.isLive ? link.nextDeadline : min(link.nextDeadline, seconds)
    }
}
