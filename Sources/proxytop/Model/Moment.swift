/// One reading of the clocks, taken by the loop and handed to everything else as a value.
struct Moment: Equatable, Sendable {
    /// Never goes back; only differences mean something.
    var milliseconds: UInt64
    /// Since 1970, UTC.
    var wallSeconds: Int64
    /// What the local zone adds to UTC.
    var offsetSeconds: Int64

    static let zero = Moment(milliseconds: 0, wallSeconds: 0, offsetSeconds: 0)

    func elapsed(since earlier: UInt64) -> UInt64 {
        milliseconds >= earlier ? milliseconds - earlier : 0
    }
}
