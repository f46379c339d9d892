internal import Shared

/// Why something is as it is: what the daemon's history and events say about it, in the order of time.
struct Why: Equatable, Sendable {
    /// A sentence, and when that was, in milliseconds since 1970; nil: it holds now.
    struct Line: Equatable, Sendable {
        var time: UInt64?
        var text: String
        var isBad = false
        /// What was asked about.
        var isMoment = false
    }

    /// A channel, a group, a service, or an event of something that has no more to show.
    let subject: Subject
    let title: String
    /// The event that it leads up to; nil: now.
    var event: EventSnapshot?
    /// nil: not answered yet, or there is nothing to ask.
    var samples: [HistorySample]?
    var fault: String?

    /// Failures further apart than this are two incidents.
    static let pauseMilliseconds: UInt64 = 120_000
    /// So many times the usual connect time is worth a sentence.
    static let notableRise = 3.0
    static let mostEvents = 20
    /// The history before a moment, and how far back the daemon's goes.
    static let span: UInt64 = 900_000
    static let reach: UInt64 = 4 * 3_600_000

    /// What to ask; a group has no history of its own.
    func request(_ snapshot: DaemonSnapshot?) -> Request? {
        guard let snapshot else { return nil }
        let path: String
        switch subject {
        case .channel(let serial):
            guard let channel = snapshot.channel(serial: serial) else { return nil }
            path = channel.path
        case .service(let name): path = name
        default: return nil
        }
        var since = "15m"
        if let event {
            let time = event.monotonicMilliseconds
            let age = snapshot.nowMilliseconds - min(snapshot.nowMilliseconds, time)
            guard age <= Self.reach else { return nil }
            since = "\((age + Self.span) / 1000)s"
        }
        return Request(words: ["show", "history", path, "since", since, "step", "10s"])
    }

    // MARK: The timeline

    /// Everything that there is to say, the oldest first, what holds now last.
    func lines(_ model: Model) -> [Line] {
        var lines = failures
        lines += happened(model)
        lines.sort { ($0.time ?? .max) < ($1.time ?? .max) }
        guard event != nil else { return lines + standing(model) + [touched(model)] }
        // Of what has come since then one line is enough.
        return lines + [touched(model)] + standing(model).prefix(1)
    }

    /// The samples that count: up to the moment that is asked about, with the ten seconds that it lies in.
    private var known: [HistorySample] {
        guard let event else { return samples ?? [] }
        let end = event.timeMilliseconds + 10_000
        return (samples ?? []).filter { $0.timeMilliseconds <= end }
    }

    /// From the samples: the last run of failures, and whether connecting had become slow before it.
    private var failures: [Line] {
        let samples = known
        guard let last = samples.lastIndex(where: { $0.failed > 0 }) else {
            return rise(before: nil)
        }
        var first = last
        for index in stride(from: last - 1, through: 0, by: -1) where samples[index].failed > 0 {
            let gap =
                samples[first].monotonicMilliseconds
                - min(
                    samples[first].monotonicMilliseconds, samples[index].monotonicMilliseconds)
            guard gap <= Self.pauseMilliseconds else { break }
            first = index
        }
        let count = samples[first...last].reduce(0) { $0 + $1.failed }
        let what =
            isService
            ? "clients found no channel" : count == 1 ? "failed connect" : "failed connects"
        let isOver = last + 1 < samples.count && samples.count - last > 6
        let span = Age(
            milliseconds: samples[last].timeMilliseconds
                - min(samples[last].timeMilliseconds, samples[first].timeMilliseconds) + 10_000)
        let text =
            "\(count) \(what) within \(span)"
            + (isOver ? ", none since" : event == nil ? ", the last just now" : "")
        return rise(before: first)
            + [Line(time: samples[first].timeMilliseconds, text: text, isBad: !isOver)]
    }

    private var isService: Bool {
        if case .service = subject { true } else { false }
    }

    /// Connect times well above the usual before a failure, or lately.
    private func rise(before failure: Int?) -> [Line] {
        let samples = known
        let end = failure.map { $0 + 1 } ?? samples.count
        let near = samples[max(0, end - 6)..<end]
        let usual = samples[..<max(0, end - 6)].compactMap(\.connectMicroseconds).sorted()
        guard !usual.isEmpty,
            let peak = near.max(by: {
                ($0.connectMicroseconds ?? 0) < ($1.connectMicroseconds ?? 0)
            }),
            let most = peak.connectMicroseconds
        else { return [] }
        let median = usual[usual.count / 2]
        // Below a millisecond it does not matter.
        guard most > 1000, Double(most) >= Double(max(1, median)) * Self.notableRise else {
            return []
        }
        var text =
            "connect time rises \(NumberText.milliseconds(median)) -> "
            + "\(NumberText.milliseconds(most)) ms"
        if let failure, samples[failure].timeMilliseconds > peak.timeMilliseconds {
            let before = samples[failure].timeMilliseconds - peak.timeMilliseconds
            text += ", \(Age(milliseconds: before)) before the first failure"
        }
        return [Line(time: peak.timeMilliseconds, text: text, isBad: true)]
    }

    /// What happened to it, and to those beside it once it was gone.
    private func happened(_ model: Model) -> [Line] {
        let own = serials(model)
        let beside = besides(model)
        let name = subjectName(model)
        let events = eventsThen(model).filter { event in
            if event.id == self.event?.id { return true }
            // A channel with another address is another one to the daemon, at the same place.
            if event.subject == name { return true }
            guard let serial = event.serial else { return false }
            if own.contains(serial) { return true }
            return beside.contains(serial) && event.severity >= .notice
        }
        return events.suffix(Self.mostEvents).map { event in
            Line(
                time: event.timeMilliseconds, text: Self.text(of: event),
                isBad: event.severity >= .warning, isMoment: event.id == self.event?.id)
        }
    }

    /// What had happened by the moment that is asked about.
    private func eventsThen(_ model: Model) -> [EventSnapshot] {
        guard let event else { return model.data.log.events }
        return model.data.log.events.filter { $0.id <= event.id }
    }

    /// The event, and who did it once: the daemon writes `by UID:PROGRAM[PID]`, people have names.
    private static func text(of event: EventSnapshot) -> String {
        guard let actor = event.actor else { return event.text }
        let known = "by \(actor)"
        let person = event.actorName
        return event.text.hasSuffix(known)
            ? event.text.dropLast(known.count) + "by \(person)" : "\(event.text)  (\(person))"
    }

    /// As events call it: `channel mail/0/1`.
    private func subjectName(_ model: Model) -> String? {
        if let event { return event.subject }
        guard case .channel(let serial) = subject else { return nil }
        return model.snapshot?.channel(serial: serial).map { "channel \($0.path)" }
    }

    private func serials(_ model: Model) -> Set<UInt64> {
        switch subject {
        case .channel(let serial), .listener(let serial): return [serial]
        case .group(let serial):
            let channels = model.snapshot?.group(serial: serial)?.channels ?? []
            return Set(channels.map(\.serial) + [serial])
        case .service(let name):
            let service = model.snapshot?.services.first { $0.name == name }
            return Set(
                (service?.groups ?? []).flatMap { $0.channels.map(\.serial) + [$0.snapshot.serial] }
            )
        default: return []
        }
    }

    /// The channels of the same group.
    private func besides(_ model: Model) -> Set<UInt64> {
        guard case .channel(let serial) = subject, let group = group(of: serial, model) else {
            return []
        }
        return Set(group.channels.map(\.serial).filter { $0 != serial } + [group.snapshot.serial])
    }

    private func group(of serial: UInt64, _ model: Model) -> DaemonSnapshot.Group? {
        model.snapshot?.groups.first { $0.channels.contains { $0.serial == serial } }
    }

    // MARK: Now

    private func standing(_ model: Model) -> [Line] {
        guard let snapshot = model.snapshot else { return [] }
        switch subject {
        case .channel(let serial):
            guard let channel = snapshot.channel(serial: serial) else {
                return [Line(text: "it is not there any more")]
            }
            return state(of: channel) + flapping(channel, model) + loss(of: channel, model)
                + drain(of: channel, model)
        case .group(let serial):
            guard let group = snapshot.group(serial: serial) else { return [] }
            let slots = Slots(group.channels)
            let usable = group.usable.count
            let room = Line(
                text: "\(usable) of \(group.channels.count) channels usable, slots "
                    + "\(slots.description)", isBad: usable == 0 || slots.isFull)
            let balance = Imbalance.of(group, model.data.history).map { [Line(text: $0.text)] }
            return [room] + (balance ?? [])
        default: return []
        }
    }

    private func state(of channel: ChannelSnapshot) -> [Line] {
        var text =
            "\(channel.state.rawValue) for \(Age(milliseconds: channel.sinceMilliseconds))"
        if let why = channel.why, !why.isEmpty { text += ": \(why)" }
        if let retry = channel.retryMilliseconds {
            text += "; next try in \(Age(milliseconds: retry))"
        }
        let isBad = [.down, .auto, .grace].contains(channel.state)
        return [Line(text: text, isBad: isBad)]
    }

    /// That it goes and comes back, and how to end that.
    private func flapping(_ channel: ChannelSnapshot, _ model: Model) -> [Line] {
        guard let text = model.data.flaps.text(channel.serial), channel.state != .drain,
            channel.state != .off
        else { return [] }
        return [
            Line(
                text: "it \(text) and came back: D holds it off until E lets it in again",
                isBad: true)
        ]
    }

    /// What its group is without it.
    private func loss(of channel: ChannelSnapshot, _ model: Model) -> [Line] {
        guard !channel.state.isUsable, let group = group(of: channel.serial, model) else {
            return []
        }
        let slots = Slots(group.channels)
        var text =
            "\(group.title) goes on with \(group.usable.count) of \(group.channels.count) channels"
        if let total = slots.total, let maxc = channel.maxc {
            text += ", \(total) slots instead of \(total + maxc)"
        }
        if slots.isFull { text += ", all taken" }
        return [Line(text: text, isBad: slots.isFull || group.usable.isEmpty)]
    }

    private func drain(of channel: ChannelSnapshot, _ model: Model) -> [Line] {
        guard channel.state == .drain,
            let forecast = DrainForecast(channel, model.data.history.channels[channel.serial])
        else { return [] }
        return [Line(text: forecast.text)]
    }

    /// Whether a person did something to it.
    private func touched(_ model: Model) -> Line {
        let own = serials(model)
        let name = subjectName(model)
        let events = eventsThen(model)
        let last = events.last { event in
            guard event.actor != nil else { return false }
            return event.subject == name || event.serial.map { own.contains($0) } ?? false
        }
        let time = event?.timeMilliseconds
        guard last == nil else {
            let when = event == nil ? "" : " up to then"
            return Line(time: time, text: "not switched or changed otherwise\(when)")
        }
        guard let oldest = events.first?.monotonicMilliseconds else {
            return Line(time: time, text: "no command is known that has switched or changed it")
        }
        let end = event?.monotonicMilliseconds ?? model.daemonNow
        let span = Age(milliseconds: end - min(end, oldest))
        return Line(
            time: time,
            text: event == nil
                ? "not switched or changed in the last \(span)"
                : "not switched or changed in the \(span) before, as far as is known")
    }
}
