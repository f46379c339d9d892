/// A terminal's size in cells.
struct Size: Hashable, Sendable {
    var columns: Int
    var rows: Int
}
