import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("the format of a hand-over")
struct HandoverFieldsTests {
    private enum Tag: UInt16, HandoverTag { case number = 1, text, list, inner, unknown = 60_000 }

    private func record(_ fields: HandoverFields) throws -> HandoverRecord {
        try HandoverRecord(fields.bytes[...])
    }

    @Test("values come back as they were, and what is missing is nought")
    func values() throws {
        var inner = HandoverFields()
        inner.put(Tag.text, "within")
        var fields = HandoverFields()
        fields.put(Tag.number, -5)
        fields.put(Tag.text, "Grüße, \t\n")
        fields.put(Tag.list, [UInt64]([1, .max, 0]))
        fields.put(Tag.inner, inner)
        fields.put(Tag.inner, inner)
        let record = try record(fields)
        #expect(record.integer(Tag.number) == -5)
        #expect(record.text(Tag.text) == "Grüße, \t\n")
        #expect(record.numbers(Tag.list) == [1, .max, 0])
        #expect(try record.records(Tag.inner).map { $0.text(Tag.text) } == ["within", "within"])
        #expect(record.number(Tag.unknown) == 0 && record.text(Tag.unknown) == nil)
        #expect(record.numbers(Tag.unknown) == [] && !record.flag(Tag.unknown))
    }

    @Test("an empty text is not a missing one")
    func emptyText() throws {
        var fields = HandoverFields()
        fields.put(Tag.text, "")
        #expect(try record(fields).text(Tag.text) == "")
        #expect(try record(HandoverFields()).text(Tag.text) == nil)
    }

    @Test("fields of a later version are passed over, wherever they stand")
    func later() throws {
        var fields = HandoverFields()
        fields.put(Tag.unknown, "what nobody knows yet")
        fields.put(Tag.number, 7)
        fields.put(Tag.unknown, [UInt64]([3, 4]))
        #expect(try record(fields).number(Tag.number) == 7)
    }

    @Test("bytes that are no fields are a mistake, however they are cut")
    func malformed() throws {
        var fields = HandoverFields()
        fields.put(Tag.text, "twelve bytes")
        for count in 1..<fields.bytes.count {
            #expect(throws: HandoverError.self) { try HandoverRecord(fields.bytes[..<count]) }
        }
        #expect(throws: HandoverError.self) {
            try HandoverRecord([1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0])
        }
        #expect(throws: HandoverError.self) {
            try HandoverArrival(packet: [1], descriptors: [])
        }
        #expect(try HandoverArrival(packet: [250, 0], descriptors: []).kind == nil)
    }

    @Test("a number of the wrong length is none")
    func wrongLength() throws {
        var fields = HandoverFields()
        fields.put(Tag.number, "x")
        #expect(try record(fields).number(Tag.number) == 0)
    }

    // MARK: Revisions

    private static func revision(_ number: UInt64, _ readable: UInt64, _ reads: UInt64)
        -> HandoverRevision
    {
        HandoverRevision(number: number, readableFrom: readable, readsFrom: reads, version: "x")
    }

    @Test(
        "two versions understand each other, or it is said why not",
        arguments: [
            // The new one, the old one.
            ((1, 1, 1), (1, 1, 1), true), ((2, 1, 1), (1, 1, 1), true),
            // Back to an older one.
            ((1, 1, 1), (2, 1, 1), true), ((1, 1, 1), (2, 2, 1), false),
            // The new one has forgotten the old ones.
            ((5, 5, 4), (3, 1, 1), false), ((5, 5, 4), (4, 1, 1), true),
        ] as [((UInt64, UInt64, UInt64), (UInt64, UInt64, UInt64), Bool)])
    func revisions(
        new: (UInt64, UInt64, UInt64), old: (UInt64, UInt64, UInt64), isPossible: Bool
    ) {
        let mismatch = Self.revision(new.0, new.1, new.2).mismatch(
            takingOverFrom: Self.revision(old.0, old.1, old.2))
        #expect((mismatch == nil) == isPossible)
        if let mismatch { #expect(mismatch.contains("restart instead")) }
    }

    @Test("a revision is read from what stands in the program, and from its fields")
    func mark() throws {
        let revision = HandoverRevision(
            mark: "proxyd hand-over revision 0012 readable from 0003 reads from 0002")
        #expect(
            (revision.number, revision.readableFrom, revision.readsFrom) == (12, 3, 2))
        #expect(try HandoverRevision(record(revision.fields)) == revision)
        #expect(HandoverRevision.own.number > 0)
        #expect(throws: HandoverError.self) { try HandoverRevision(record(HandoverFields())) }
    }
}
