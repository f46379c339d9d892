import Testing

/// What holds for first bytes holds for such mutations.
func checkMutations(
    of beginnings: [[UInt8]], seed: UInt64, sourceLocation: SourceLocation = #_sourceLocation
) {
    checkMutations(
        of: beginnings, seed: seed, sourceLocation: sourceLocation, FirstBytesChecks.violation)
}

/// Thousands of beginnings with some bytes of them changed, lost or made up; where they are texts, with lines of others
/// in between.
func checkMutations(
    of beginnings: [[UInt8]], seed: UInt64, count: Int = 5000, areTexts: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation, _ check: ([UInt8]) throws -> String?
) rethrows {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<count {
        var bytes = beginnings.randomElement(using: &generator) ?? []
        for _ in 0...Int.random(in: 0..<4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[place] = .random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            default: bytes.insert(.random(in: 0...255, using: &generator), at: place)
            }
        }
        if areTexts, let other = beginnings.randomElement(using: &generator) {
            let line = other.dropFirst().split(separator: 0x0A).randomElement(using: &generator)
            let ends = bytes.indices.filter { bytes[$0] == 0x0A }
            if let line, let place = ends.randomElement(using: &generator) {
                bytes.insert(contentsOf: [0x0A] + line, at: place)
            }
        }
        if let violation = try check(bytes) {
            Issue.record("\(violation): \(bytes)", sourceLocation: sourceLocation)
            return
        }
    }
}
