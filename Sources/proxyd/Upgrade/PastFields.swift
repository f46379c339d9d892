internal import Shared

// What has happened: events and samples, as fields.

extension EventRing.Entry {
    private enum Tag: UInt16, HandoverTag {
        case number = 1
        case wall, instant, severity, kind, subjectKind, subjectName, subjectSerial
        case from, to, cause, actorUser, actorProcess, actorProgram, line
    }

    var handed: HandoverFields {
        var fields = HandoverFields()
        fields.put(Tag.number, number)
        fields.put(Tag.wall, wallMilliseconds)
        fields.put(Tag.instant, instant)
        fields.put(Tag.severity, event.severity.rawValue)
        fields.put(Tag.kind, event.kind.rawValue)
        fields.put(Tag.subjectKind, event.subject.kind.rawValue)
        fields.put(Tag.subjectName, event.subject.name)
        fields.put(Tag.subjectSerial, event.subject.serial ?? 0)
        fields.put(Tag.from, event.from)
        fields.put(Tag.to, event.to)
        fields.put(Tag.cause, event.cause)
        if let actor = event.actor {
            fields.put(Tag.actorUser, UInt64(actor.uid))
            fields.put(Tag.actorProcess, Int(actor.pid))
            fields.put(Tag.actorProgram, actor.program)
        }
        fields.put(Tag.line, event.line)
        return fields
    }

    /// nil for an event of a kind that a later version has.
    init?(handed record: HandoverRecord) {
        guard
            let severity = record.text(Tag.severity).flatMap({ Event.Severity(rawValue: $0) }),
            let kind = record.text(Tag.kind).flatMap({ Event.Kind(rawValue: $0) }),
            let subjectKind = record.text(Tag.subjectKind).flatMap({
                Event.Subject.Kind(rawValue: $0)
            })
        else { return nil }
        let serial = record.number(Tag.subjectSerial)
        let actor = record.text(Tag.actorProgram).map {
            Actor(
                uid: UInt32(truncatingIfNeeded: record.number(Tag.actorUser)),
                pid: Int32(truncatingIfNeeded: record.integer(Tag.actorProcess)), program: $0)
        }
        self.init(
            number: record.number(Tag.number), wallMilliseconds: record.number(Tag.wall),
            instant: record.instant(Tag.instant),
            event: Event(
                severity, kind,
                of: Event.Subject(
                    kind: subjectKind, name: record.text(Tag.subjectName) ?? "",
                    serial: serial == 0 ? nil : serial),
                from: record.text(Tag.from), to: record.text(Tag.to),
                because: record.text(Tag.cause), by: actor, line: record.text(Tag.line) ?? ""))
    }
}

extension SampleRing {
    /// In bytes: an unseen one has as many as any other.
    private static let sampleSize = 23

    /// The step of the first, then the samples.
    var handed: [UInt8] {
        let samples = samples(from: 0)
        var bytes: [UInt8] = []
        guard let first = samples.first else { return bytes }
        bytes.reserveCapacity(8 + samples.count * Self.sampleSize)
        bytes.append(little: first.step)
        for (_, sample) in samples {
            bytes.append(little: sample.inBytes.bitPattern)
            bytes.append(little: sample.outBytes.bitPattern)
            bytes.append(little: sample.current)
            bytes.append(little: sample.sessions)
            bytes.append(little: sample.connectMicroseconds)
            bytes.append(little: sample.failed)
            bytes.append(sample.state.rawValue)
        }
        return bytes
    }

    /// What another process has seen, and behind it what was seen here.
    mutating func precede(with bytes: ArraySlice<UInt8>) {
        guard bytes.count > 8 else { return }
        var ring = SampleRing(capacity: capacity)
        var step: UInt64 = bytes.little(at: bytes.startIndex)
        // A number of steps that no clock has reached would be counted through.
        guard step < UInt64(UInt32.max) else { return }
        let own = samples(from: 0)
        var place = bytes.startIndex + 8
        while bytes.endIndex - place >= Self.sampleSize {
            ring.append(Self.sample(in: bytes, at: place), step: step)
            step += 1
            place += Self.sampleSize
        }
        for (step, sample) in own { ring.append(sample, step: step) }
        self = ring
    }

    private static func sample(in bytes: ArraySlice<UInt8>, at place: Int) -> Sample {
        Sample(
            inBytes: Float(bitPattern: bytes.little(at: place)),
            outBytes: Float(bitPattern: bytes.little(at: place + 4)),
            current: bytes.little(at: place + 8), sessions: bytes.little(at: place + 12),
            connectMicroseconds: bytes.little(at: place + 16),
            failed: bytes.little(at: place + 20),
            state: Sample.State(rawValue: bytes[place + 22]) ?? .unseen)
    }
}

/// The past of one channel or service on its way.
struct TransferredSeries {
    private enum Tag: UInt16, HandoverTag {
        case serial = 1
        case seconds, tenSeconds
    }

    var serial: UInt64
    var seconds: ArraySlice<UInt8>
    var tenSeconds: ArraySlice<UInt8>

    init(_ series: SampleSeries, of serial: UInt64) {
        self.serial = serial
        seconds = series.seconds.handed[...]
        tenSeconds = series.tenSeconds.handed[...]
    }

    init(_ record: HandoverRecord) {
        serial = record.number(Tag.serial)
        seconds = record.bytes(Tag.seconds) ?? []
        tenSeconds = record.bytes(Tag.tenSeconds) ?? []
    }

    var fields: HandoverFields {
        var fields = HandoverFields()
        fields.put(Tag.serial, serial)
        fields.put(Tag.seconds, seconds)
        fields.put(Tag.tenSeconds, tenSeconds)
        return fields
    }
}
