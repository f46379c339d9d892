/// A sentence of which some parts may be left out where there is no room, whole ones, before anything is cut.
struct Clauses {
    private struct Part {
        var text: String
        /// Lower goes first; nil stays.
        var drop: Int?
    }

    private var parts: [Part] = []

    init(_ text: String) { parts = [Part(text: text)] }

    /// A part with what joins it to the one before.
    mutating func add(_ text: String, drop: Int?) { parts.append(Part(text: text, drop: drop)) }

    func text(width: Int, _ glyphs: Glyphs) -> String {
        var kept = parts
        func text() -> String { kept.map(\.text).joined() }
        while CellWidth.of(text()) > width,
            let next = kept.indices.filter({ kept[$0].drop != nil })
                .min(by: { kept[$0].drop ?? 0 < kept[$1].drop ?? 0 })
        {
            kept.remove(at: next)
        }
        return Cutting.end(text(), width: width, glyphs)
    }
}
