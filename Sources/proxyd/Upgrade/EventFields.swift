internal import Shared

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
