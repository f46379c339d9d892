/// Whoever was elected (`PrimarySeat`): nobody else is usable.
struct Primary: Policy {
    mutating func choose(among candidates: [Candidate]) -> Int? {
        candidates.firstIndex { $0.isUsable && $0.weight > 0 }
    }
}
