/// Which sessions a dump wants to see.
struct TapSearch: Sendable {
    let sink: TapSink
    let isMeant: @Sendable (SessionRecord) -> Bool

    /// Sessions that are looked at in one turn of a worker.
    static let slotsAtOnce = 256
}
