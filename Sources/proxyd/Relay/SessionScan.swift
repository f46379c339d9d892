internal import Shared

/// What workers are asked to look for among their sessions.
struct SessionScan: Sendable {
    var filter: Filter?
    /// Serials; nil: of all channels and of none.
    var channels: Set<UInt64>?
    var order: Order?
    /// Records to be handed over; all that match are counted.
    var limit = Int.max
    /// What has begun later is not looked at: a client that was cut and comes back is not cut again.
    var asOf: Instant
    /// Whether the kernel is asked about every session that is looked at.
    var wantsLegs = false
    /// Whether those that match are ended.
    var cuts = false

    struct Order: Equatable, Sendable {
        var field: SessionField
        var isDescending = false
    }
}

/// What a worker found in some of its slots.
struct SessionSlice: Sendable {
    var records: [SessionRecord] = []
    /// Sessions that match, and that were looked at.
    var matched = 0
    var total = 0
    /// The slot to go on with; nil: there are no more.
    var next: Int?
}

/// Where a session is, or was.
struct SessionPlace: Sendable {
    var id: UInt64
    var slot: Int
}
