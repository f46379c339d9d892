/// Where frames go. Nothing above this knows about ncurses.
protocol Screen: ~Copyable {
    /// Shows a frame; `frame` counts from 1.
    mutating func present(_ grid: Grid, frame: UInt64)
}
