/// The latest samples of one step length, the step of time at which each ended being known by its place.
struct SampleRing: Sendable {
    let capacity: Int
    private var samples: [Sample] = []
    /// The number of the step of the last sample, counted from the clock's zero; steps that were missed have
    /// samples, too.
    private(set) var lastStep: UInt64 = 0

    /// The place for all samples is taken at once, and filled as they come.
    init(capacity: Int) {
        self.capacity = capacity
        samples.reserveCapacity(capacity)
    }

    var count: Int { samples.count }

    /// Where the sample of a step stands: as if every step since the first had been there.
    private func place(of step: UInt64) -> Int { Int(step % UInt64(capacity)) }

    /// Adds the sample of a step behind the last one. Steps in between were not seen.
    mutating func append(_ sample: Sample, step: UInt64) {
        if samples.isEmpty { first = step }
        guard samples.isEmpty || step > lastStep else { return }
        var missing = samples.isEmpty ? 0 : step - lastStep - 1
        if missing >= UInt64(capacity) {
            // Nothing of what is there is recent enough to be kept.
            samples.removeAll(keepingCapacity: true)
            missing = UInt64(capacity) - 1
            first = step - missing
        }
        for unseen in (step - missing)..<step { store(Sample(), unseen) }
        store(sample, step)
        lastStep = step
    }

    /// The step of the first sample ever.
    private var first: UInt64 = 0

    private mutating func store(_ sample: Sample, _ step: UInt64) {
        if samples.count < capacity {
            samples.append(sample)
        } else {
            samples[place(of: step - first)] = sample
        }
    }

    /// Samples of the steps from `step` on, the oldest first.
    func samples(from step: UInt64) -> [(step: UInt64, sample: Sample)] {
        guard !samples.isEmpty else { return [] }
        let oldest = lastStep - UInt64(samples.count - 1)
        guard max(step, oldest) <= lastStep else { return [] }
        return (max(step, oldest)...lastStep).map { ($0, samples[place(of: $0 - first)]) }
    }
}
