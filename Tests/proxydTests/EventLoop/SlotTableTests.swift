import Testing

@testable import proxyd

@Suite("Slot table and tokens")
struct SlotTableTests {
    private final class Tenant {
        let token: Token

        init(_ slot: Int, _ generation: UInt32) {
            token = Token(.client, slot: slot, generation: generation)
        }
    }

    @Test("a token finds the tenant that it was made for, and nobody after he has gone")
    func stale() {
        var table = SlotTable<Tenant>()
        let first = table.insert { Tenant($0, $1) }
        #expect(table[first.token] === first)
        table.remove(slot: first.token.slot)
        #expect(table[first.token] == nil)
        let second = table.insert { Tenant($0, $1) }
        #expect(second.token.slot == first.token.slot)
        #expect(second.token != first.token)
        #expect(table[first.token] == nil)
        #expect(table[second.token] === second)
    }

    @Test("freed slots are used again before the table grows")
    func reuse() {
        var table = SlotTable<Tenant>()
        let tenants = (0..<5).map { _ in table.insert { Tenant($0, $1) } }
        #expect(tenants.map(\.token.slot) == [0, 1, 2, 3, 4])
        table.remove(slot: 1)
        table.remove(slot: 3)
        table.remove(slot: 3)
        #expect(table.count == 3)
        #expect(Set((0..<2).map { _ in table.insert { Tenant($0, $1) }.token.slot }) == [1, 3])
        #expect(table.insert { Tenant($0, $1) }.token.slot == 5)
        #expect(table.count == 6)
        #expect(table.slotCount == 6)
    }

    @Test("a token of another table's slot finds nobody")
    func unknownSlot() {
        let table = SlotTable<Tenant>()
        #expect(table[Token(.client, slot: 3, generation: 0)] == nil)
    }

    @Test(
        "a token keeps its kind, slot and generation",
        arguments: [
            Token.Kind.mailbox, .signal, .listener, .client, .channel, .controlListener, .control,
            .process, .output, .elections,
        ], [0, 1, 12_345, Token.slotLimit - 1])
    func roundTrip(kind: Token.Kind, slot: Int) {
        for generation in [0, 1, 77, UInt32.max] {
            let token = Token(kind, slot: slot, generation: generation)
            #expect(token.kind == kind)
            #expect(token.slot == slot)
            #expect(token.generation == generation)
            #expect(Token(rawValue: token.rawValue) == token)
        }
    }

    @Test("a kind that was never given out is none")
    func noKind() { #expect(Token(rawValue: 15).kind == nil) }
}
