/// Which columns of a table the operator wants, beside those that the width of the screen chooses.
struct ColumnChoice<Content: Hashable & Sendable>: Equatable, Sendable {
    /// Left out, however much room there is.
    private(set) var hidden: Set<Content> = []
    /// There before any other that could go.
    private(set) var wanted: Set<Content> = []

    var isEmpty: Bool { hidden.isEmpty && wanted.isEmpty }

    /// What is shown goes, what is not shown comes.
    mutating func toggle(_ content: Content, isShown: Bool) {
        if isShown {
            wanted.remove(content)
            hidden.insert(content)
        } else {
            hidden.remove(content)
            wanted.insert(content)
        }
    }
}
