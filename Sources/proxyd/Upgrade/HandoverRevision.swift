internal import Shared

/// Which hand-overs a program writes and reads, so that two versions know at once whether one can take over
/// from the other.
///
/// Fields and kinds of packets that are added need another revision, and nothing else. A version that changes an
/// existing one raises “readable from”, and older programs refuse; a version that stops reading old ones raises
/// “reads from”, and refuses them.
struct HandoverRevision: Equatable, Sendable {
    /// What it writes.
    var number: UInt64
    /// A reader has to be of this revision at least.
    var readableFrom: UInt64
    /// It reads what was written by this revision or a later one.
    var readsFrom: UInt64
    /// Of the program, for people.
    var version = Version.string

    /// One text, so that “strings” shows of a program that is about to be installed whether it can take over.
    private static let mark = "proxyd hand-over revision 0001 readable from 0001 reads from 0001"

    static let own = HandoverRevision(mark: mark)

    init(number: UInt64, readableFrom: UInt64, readsFrom: UInt64, version: String) {
        self.number = number
        self.readableFrom = readableFrom
        self.readsFrom = readsFrom
        self.version = version
    }

    init(mark: String) {
        let numbers = mark.split(separator: " ").compactMap { UInt64($0) }
        number = numbers.first ?? 0
        readableFrom = numbers.count > 1 ? numbers[1] : number
        readsFrom = numbers.count > 2 ? numbers[2] : number
    }

    /// Why this program cannot take over from that one; nil: it can.
    func mismatch(takingOverFrom old: HandoverRevision) -> String? {
        guard number >= old.readableFrom, old.number >= readsFrom else {
            return
                "proxyd \(version) cannot take over from proxyd \(old.version): it reads hand-overs of "
                + "revision \(readsFrom) to \(number), and gets \(old.number), "
                + "readable from \(old.readableFrom) on; restart instead"
        }
        return nil
    }

    // MARK: Its fields

    private enum Tag: UInt16, HandoverTag {
        case magic = 1
        case number, readableFrom, readsFrom, version
    }

    private static let magic = "proxyd hand-over"

    var fields: HandoverFields {
        var fields = HandoverFields()
        fields.put(Tag.magic, Self.magic)
        fields.put(Tag.number, number)
        fields.put(Tag.readableFrom, readableFrom)
        fields.put(Tag.readsFrom, readsFrom)
        fields.put(Tag.version, version)
        return fields
    }

    init(_ record: HandoverRecord) throws(HandoverError) {
        guard record.text(Tag.magic) == Self.magic else {
            throw .malformed("it does not begin as a hand-over does")
        }
        number = record.number(Tag.number)
        readableFrom = record.number(Tag.readableFrom)
        readsFrom = record.number(Tag.readsFrom)
        version = record.text(Tag.version) ?? "?"
    }
}
