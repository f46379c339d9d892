import Testing

/// Thousands of beginnings with some bytes of them changed, lost or made up.
func checkMutations(
    of beginnings: [[UInt8]], seed: UInt64, sourceLocation: SourceLocation = #_sourceLocation
) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<5000 {
        var bytes = beginnings.randomElement(using: &generator) ?? []
        for _ in 0...Int.random(in: 0..<4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[place] = .random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            default: bytes.insert(.random(in: 0...255, using: &generator), at: place)
            }
        }
        if let violation = FirstBytesChecks.violation(by: bytes) {
            Issue.record("\(violation): \(bytes)", sourceLocation: sourceLocation)
            return
        }
    }
}
