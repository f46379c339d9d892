/// What an event or a deadline is for: a kind of source, its slot, and which tenant of that slot.
///
/// A closed source's slot gets another tenant with another generation, so a stale event finds nothing.
struct Token: Hashable, Sendable {
    enum Kind: UInt8 {
        case mailbox, signal, listener, client, channel, controlListener, control
        case process, output, elections, probes, scrapes, upgrade
    }

    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    @inline(__always)
    init(_ kind: Kind, slot: Int = 0, generation: UInt32 = 0) {
        rawValue = UInt64(generation) << 32 | UInt64(slot) << 4 | UInt64(kind.rawValue)
    }

    /// Slots fit into 28 bits: a quarter of a thousand million sources.
    static let slotLimit = 1 << 28

    /// nil only for an event that we never asked for.
    @inline(__always)
    var kind: Kind? { Kind(rawValue: UInt8(rawValue & 15)) }
    @inline(__always)
    var slot: Int { Int(rawValue >> 4 & 0xFFF_FFFF) }
    @inline(__always)
    var generation: UInt32 { UInt32(rawValue >> 32) }
}
