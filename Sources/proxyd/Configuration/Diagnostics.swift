/// Gathers mistakes, so that the user mends them all in one go.
struct Diagnostics {
    private var found: [(place: Place, error: ConfigurationError)] = []
    private var seen: Set<String> = []
    /// Stops a hostile file from filling the memory; far more than are reported.
    private static let mostGathered = 1000

    var isEmpty: Bool { found.isEmpty }
    var count: Int { found.count }
    /// Whether looking for more is a waste of time.
    var isFull: Bool { found.count >= Self.mostGathered }

    /// An alias brings its mistakes along wherever it is used: each is reported once.
    mutating func add(_ problem: String, _ remedy: String?, at place: Place) {
        let error = ConfigurationError(location: place.text, problem: problem, remedy: remedy)
        guard !isFull, seen.insert(error.description).inserted else {
            return
        }
        found.append((place, error))
    }

    mutating func add(_ error: ValueError, at place: Place) {
        add(error.problem, error.remedy, at: place)
    }

    /// Everything found, in the order of the file.
    var errors: ConfigurationErrors {
        // Not every sort is stable; two mistakes of one place keep the order they were found in.
        let sorted = found.enumerated().sorted { left, right in
            if left.element.place.isBefore(right.element.place) { return true }
            if right.element.place.isBefore(left.element.place) { return false }
            return left.offset < right.offset
        }
        return ConfigurationErrors(
            errors: sorted.prefix(ConfigurationErrors.most).map(\.element.error))
    }
}
