import Shared
import Testing

@testable import proxyd

@Suite("Address book")
struct AddressBookTests {
    private static func endpoints(_ letters: String) -> [Endpoint] {
        letters.utf8.map { .ip(.v4(0x7F00_0000 | UInt32($0)), port: 80) }
    }

    private static func letters(_ endpoints: [Endpoint]) -> String {
        endpoints.map { endpoint in
            guard case .ip(.v4(let address), _) = endpoint else { return "?" }
            return String(UnicodeScalar(UInt8(address & 0xFF)))
        }.joined()
    }

    @Test(
        "new addresses are used at once, missing ones are forgotten after two answers without them",
        arguments: [
            ("AB", ["AB", "BA"], "AB"), ("A", ["AB"], "AB"), ("AB", ["A"], "AB"),
            ("AB", ["A", "A"], "A"), ("AB", ["A", "AB", "A"], "AB"), ("A", ["B"], "AB"),
            ("A", ["B", "B"], "B"), ("A", ["", "", ""], "A"), ("AB", ["C", "D", "D"], "D"),
        ] as [(String, [String], String)])
    func answers(before: String, answers: [String], after: String) {
        var book = AddressBook(Self.endpoints(before))
        for answer in answers { _ = book.update(Self.endpoints(answer)) }
        #expect(Self.letters(book.endpoints).sorted() == after.sorted())
        #expect(book.count == after.count)
    }

    @Test("a change says from what to what, and no change says nothing")
    func changes() throws {
        var book = AddressBook(Self.endpoints("A"))
        let same = book.update(Self.endpoints("A"))
        #expect(same == nil)
        let answer = book.update(Self.endpoints("AB"))
        let change = try #require(answer)
        #expect(Self.letters(change.from) == "A")
        #expect(Self.letters(change.to) == "AB")
    }

    @Test("addresses take turns")
    func turns() {
        let book = AddressBook(Self.endpoints("ABC"))
        let round = (0..<6).compactMap { book[turn: $0]?.endpoint }
        #expect(round.count == 6)
        #expect(Self.letters(Array(round[..<3])).sorted() == ["A", "B", "C"])
        #expect(round[..<3] == round[3...])
        #expect(AddressBook([])[turn: 1] == nil)
    }
}
