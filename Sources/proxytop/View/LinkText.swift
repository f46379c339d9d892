internal import Shared

/// The state of the link, in a word for the header and in a sentence for when it is gone.
struct LinkText {
    let short: String
    let style: Style
    let sentence: String

    init(_ model: Model) {
        switch model.time.mode {
        case .present: break
        case .past:
            let present = model.time.presentNow ?? model.now
            let behind = Age(milliseconds: present.elapsed(since: model.shownNow.milliseconds))
            (short, style, sentence) = ("PAST -\(behind)", .slow, "")
            return
        case .replay:
            let speed = "\(NumberText.speed(model.time.replaySpeed))x"
            let state = model.time.isReplayOver ? "END" : model.time.isFrozen ? "PAUSE" : speed
            (short, style, sentence) = ("REPLAY \(state)", .slow, "")
            return
        }
        let link = model.connection.link
        let time = model.now.milliseconds
        switch link.phase {
        case .hello:
            (short, style, sentence) = ("HELLO", .slow, "connected, waiting for the greeting")
        case .live:
            sentence = ""
            let waiting = link.waiting(at: time)
            if waiting >= model.slowMilliseconds {
                (short, style) = ("SLOW \(Age(milliseconds: waiting))", .slow)
            } else {
                (short, style) = ("LIVE \(link.answerMilliseconds ?? 0)ms", .good)
            }
        case .lost(let since, let reason):
            let seconds = model.now.elapsed(since: since) / 1000
            short = "LOST \(Self.two(seconds / 60)):\(Self.two(seconds % 60))"
            style = .alert
            let wait = link.nextTryAt > time ? (link.nextTryAt - time + 999) / 1000 : 0
            sentence =
                "\(short)  \(reason); next try in \(wait) s (try \(link.tries + 1)), r = try now"
        }
    }

    private static func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
