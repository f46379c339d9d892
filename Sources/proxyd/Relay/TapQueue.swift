internal import DequeModule

/// The records of a tap in their order, with so many bytes and no more; the rest is counted.
struct TapQueue: Sendable {
    private var records: Deque<TapRecord> = []
    /// Bytes held, with what each record costs.
    private var heldCount = 0
    /// What came when it was full, until all before it has been taken.
    private var losses: [Loss] = []

    static let byteLimit = 1 << 20
    /// More than a record and its array take besides the bytes.
    static let recordCost = 256

    private struct Loss {
        var id: UInt64
        var side: Side
        var seen: Instant
        var byteCount: UInt64
        var moves: UInt64
    }

    var isEmpty: Bool { records.isEmpty && losses.isEmpty }

    /// Once something was lost, so is what follows, until all has been taken: one large hole is easier to
    /// read around than many small ones.
    func hasRoom(for byteCount: Int) -> Bool {
        losses.isEmpty && heldCount + byteCount + Self.recordCost <= Self.byteLimit
    }

    mutating func put(_ bytes: [UInt8], from side: Side, of id: UInt64, at seen: Instant) {
        guard hasRoom(for: bytes.count) else {
            return recordGap(of: bytes.count, from: side, of: id, at: seen)
        }
        heldCount += bytes.count + Self.recordCost
        records.append(TapRecord(id: id, seen: seen, event: .moved(side, bytes)))
    }

    /// Counts bytes that went by.
    mutating func recordGap(of count: Int, from side: Side, of id: UInt64, at seen: Instant) {
        if let index = losses.firstIndex(where: { $0.id == id && $0.side == side }) {
            losses[index].byteCount += UInt64(count)
            losses[index].moves += 1
        } else {
            losses.append(
                Loss(id: id, side: side, seen: seen, byteCount: UInt64(count), moves: 1))
        }
    }

    /// Whatever the room, behind what was lost before it.
    mutating func record(_ event: TapRecord.Event, of id: UInt64, at seen: Instant) {
        settleLosses()
        records.append(TapRecord(id: id, seen: seen, event: event))
    }

    /// The next records, with so many bytes or a little more.
    mutating func take(bytes limit: Int) -> [TapRecord] {
        if records.isEmpty { settleLosses() }
        var taken: [TapRecord] = []
        var byteCount = 0
        while byteCount < limit, let record = records.popFirst() {
            taken.append(record)
            byteCount += Self.recordCost
            guard case .moved(_, let bytes) = record.event else { continue }
            byteCount += bytes.count
            heldCount -= bytes.count + Self.recordCost
        }
        return taken
    }

    private mutating func settleLosses() {
        for loss in losses {
            records.append(
                TapRecord(
                    id: loss.id, seen: loss.seen,
                    event: .gap(loss.side, byteCount: loss.byteCount, moves: loss.moves)))
        }
        losses.removeAll(keepingCapacity: true)
    }
}
