/// Objects in numbered slots; a slot that was freed is used again under another generation.
struct SlotTable<Element: AnyObject> {
    private var elements: [Element?] = []
    private var generations: [UInt32] = []
    private var freeSlots: [Int] = []

    /// Objects present.
    var count: Int { elements.count - freeSlots.count }

    /// One past the highest slot ever used.
    var slotCount: Int { elements.count }

    /// Takes a slot for the object that `make` builds for it.
    mutating func insert(_ make: (_ slot: Int, _ generation: UInt32) -> Element) -> Element {
        let (slot, generation) = reserve()
        let element = make(slot, generation)
        fill(slot: slot, with: element)
        return element
    }

    /// Takes a slot that `fill` puts an object into before anything else is done with the table.
    mutating func reserve() -> (slot: Int, generation: UInt32) {
        if let free = freeSlots.popLast() { return (free, generations[free]) }
        elements.append(nil)
        generations.append(0)
        return (elements.count - 1, 0)
    }

    mutating func fill(slot: Int, with element: Element) { elements[slot] = element }

    mutating func remove(slot: Int) {
        guard elements[slot] != nil else { return }
        elements[slot] = nil
        generations[slot] &+= 1
        freeSlots.append(slot)
    }

    /// The tenant that the token was made for, or nil when it has gone.
    @inline(__always)
    subscript(token: Token) -> Element? {
        let slot = token.slot
        guard slot < elements.count, generations[slot] == token.generation else { return nil }
        return elements[slot]
    }

    /// What is in a slot now.
    subscript(slot slot: Int) -> Element? { elements[slot] }
}
