internal import Shared

// What was found out and counted, as fields.

extension TrafficCounters.Totals {
    /// Their order is part of the format; further ones come behind.
    var handed: [UInt64] { [sessions, inBytes, outBytes, failures, nanoseconds] }

    init(handed numbers: [UInt64]) {
        self.init()
        func number(_ index: Int) -> UInt64 { index < numbers.count ? numbers[index] : 0 }
        (sessions, inBytes, outBytes) = (number(0), number(1), number(2))
        (failures, nanoseconds) = (number(3), number(4))
    }
}

extension TimeHistogram.Totals {
    /// The sum of all times, then the buckets.
    var handed: [UInt64] { [nanoseconds] + buckets }

    /// Other buckets than ours cannot be converted.
    init(handed numbers: [UInt64]) {
        self.init()
        guard numbers.count == buckets.count + 1 else { return }
        nanoseconds = numbers[0]
        buckets = Array(numbers[1...])
    }
}

extension Channel.Note {
    private enum Tag: UInt16, HandoverTag {
        case since = 1
        case why, by
    }

    var handed: HandoverFields {
        var fields = HandoverFields()
        fields.put(Tag.since, since)
        fields.put(Tag.why, why)
        fields.put(Tag.by, by)
        return fields
    }

    init(handed record: HandoverRecord) {
        self.init(
            since: record.instant(Tag.since), why: record.text(Tag.why), by: record.text(Tag.by))
    }
}

extension ChannelErrors.Entry {
    private enum Tag: UInt16, HandoverTag {
        case instant = 1
        case cause, errno
    }

    var handed: HandoverFields {
        var fields = HandoverFields()
        fields.put(Tag.instant, instant)
        fields.put(Tag.cause, cause)
        fields.put(Tag.errno, Int(errno))
        return fields
    }

    init(handed record: HandoverRecord) {
        self.init(
            instant: record.instant(Tag.instant), cause: record.text(Tag.cause) ?? "other",
            errno: Int32(truncatingIfNeeded: record.integer(Tag.errno)))
    }
}

extension ChannelRuntimeState {
    private enum Tag: UInt16, HandoverTag {
        case position = 1
        case graceEnd, returned, filledAt, isDiscarded, note, hasFailed, latency
        case failuresInARow, doublings, hasConnected, lastGraceEnd, lastGraceLength
        case probeWords, hasProbeTime, probeTime, probeResults, down
        case mishap, totals, baseline, connect, firstByte, session, awaitsProof, causes
    }

    func put(into fields: inout HandoverFields) {
        fields.put(Tag.position, UInt64(position.rawValue))
        fields.put(Tag.graceEnd, graceEnd)
        fields.put(Tag.returned, returned)
        fields.put(Tag.filledAt, filledAt)
        fields.put(Tag.isDiscarded, isDiscarded)
        fields.put(Tag.note, note.handed)
        fields.put(Tag.hasFailed, hasFailed)
        fields.put(Tag.awaitsProof, awaitsProof)
        fields.put(Tag.latency, latency)
        fields.put(Tag.failuresInARow, health.failuresInARow)
        fields.put(Tag.doublings, health.doublings)
        fields.put(Tag.hasConnected, health.hasConnected)
        fields.put(Tag.lastGraceEnd, health.lastGraceEnd)
        fields.put(Tag.lastGraceLength, health.lastGraceLength.wholeNanoseconds)
        fields.put(Tag.probeWords, probes.words)
        fields.put(Tag.hasProbeTime, probes.nanoseconds != nil)
        fields.put(Tag.probeTime, probes.nanoseconds ?? 0)
        fields.put(Tag.probeResults, probes.results)
        if let down = probes.down { fields.put(Tag.down, down.handed) }
        for error in errors { fields.put(Tag.mishap, error.handed) }
        for (cause, count) in causes { fields.put(Tag.causes, "\(count) \(cause)") }
        fields.put(Tag.totals, totals.handed)
        fields.put(Tag.baseline, baseline.handed)
        fields.put(Tag.connect, connect.handed)
        fields.put(Tag.firstByte, firstByte.handed)
        fields.put(Tag.session, session.handed)
    }

    init(handed record: HandoverRecord) throws(HandoverError) {
        self.init()
        // A state that a later version has keeps sessions away, as it may mean that.
        position =
            Channel.Switch(rawValue: UInt8(truncatingIfNeeded: record.number(Tag.position)))
            ?? .draining
        graceEnd = record.instant(Tag.graceEnd)
        returned = record.instant(Tag.returned)
        filledAt = record.instant(Tag.filledAt)
        isDiscarded = record.flag(Tag.isDiscarded)
        if let note = try record.record(Tag.note) { self.note = Channel.Note(handed: note) }
        hasFailed = record.flag(Tag.hasFailed)
        awaitsProof = record.flag(Tag.awaitsProof)
        latency = record.number(Tag.latency)
        health = PassiveHealth.Memory(
            failuresInARow: max(0, record.integer(Tag.failuresInARow)),
            doublings: record.integer(Tag.doublings),
            hasConnected: record.flag(Tag.hasConnected),
            lastGraceEnd: record.instant(Tag.lastGraceEnd),
            lastGraceLength: .nanoseconds(Int64(clamping: record.number(Tag.lastGraceLength))))
        probes.words = record.text(Tag.probeWords)
        if record.flag(Tag.hasProbeTime) { probes.nanoseconds = record.number(Tag.probeTime) }
        probes.results = record.number(Tag.probeResults)
        if let down = try record.record(Tag.down) { probes.down = Channel.Note(handed: down) }
        errors = try record.records(Tag.mishap).map { ChannelErrors.Entry(handed: $0) }
        for field in record.all(Tag.causes) {
            let text = String(decoding: field, as: UTF8.self)
            let halves = text.split(separator: " ", maxSplits: 1)
            guard halves.count == 2, let count = UInt64(halves[0]) else { continue }
            causes[String(halves[1])] = count
        }
        totals = TrafficCounters.Totals(handed: record.numbers(Tag.totals))
        baseline = TrafficCounters.Totals(handed: record.numbers(Tag.baseline))
        connect = TimeHistogram.Totals(handed: record.numbers(Tag.connect))
        firstByte = TimeHistogram.Totals(handed: record.numbers(Tag.firstByte))
        session = TimeHistogram.Totals(handed: record.numbers(Tag.session))
    }
}

extension Endpoint {
    /// As `description` writes it; a Unix client has no path. A malformed one becomes an empty path.
    init(handed text: String?) {
        do throws(ParseError) {
            self = try Endpoint(text ?? "")
        } catch {
            self = .unix(path: "")
        }
    }
}
