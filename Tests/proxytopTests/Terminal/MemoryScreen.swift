@testable import proxytop

/// Keeps the frames it is shown.
struct MemoryScreen: Screen {
    private(set) var frames: [Grid] = []

    mutating func present(_ grid: Grid, frame: UInt64) { frames.append(grid) }
}
