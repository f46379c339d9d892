internal import Synchronization

/// The sessions that a channel has and may have: each takes a slot of its own `maxc`, and one of its group's
/// `max-sessions`.
///
/// A slot is reserved before a connect and given back once, whatever becomes of it.
struct ChannelSlots: ~Copyable, Sendable {
    let ofGroup: SessionLimit
    private let maximum: Atomic<Int>
    private let taken = Atomic<Int>(0)
    /// When the last free slot was taken, in nanoseconds of the monotonic clock.
    let filledAt = Atomic<UInt64>(0)

    init(maxc: Int?, ofGroup: SessionLimit) {
        maximum = Atomic(maxc ?? Int.max)
        self.ofGroup = ofGroup
    }

    /// Sessions at once; nil: no limit.
    var maxc: Int? {
        let maximum = maximum.load(ordering: .relaxed)
        return maximum == Int.max ? nil : maximum
    }

    func setMaxc(_ maxc: Int?, now: Instant) {
        let new = maxc ?? Int.max
        if new <= current, new != maximum.load(ordering: .relaxed) {
            filledAt.store(now.nanoseconds, ordering: .relaxed)
        }
        maximum.store(new, ordering: .relaxed)
    }

    /// Sessions here now, connecting ones too.
    var current: Int { taken.load(ordering: .relaxed) }

    /// Whether a slot is free at this moment; only `reserve` makes it sure.
    @inline(__always)
    var hasRoom: Bool { current < maximum.load(ordering: .relaxed) }

    /// Takes a slot; false when `maxc` are taken, or all of the group's.
    func reserve(now: Instant) -> Bool {
        guard ofGroup.acquire() else { return false }
        if reserveOwn(now: now) { return true }
        ofGroup.release()
        return false
    }

    private func reserveOwn(now: Instant) -> Bool {
        let maxc = maximum.load(ordering: .relaxed)
        guard maxc < Int.max else {
            taken.wrappingAdd(1, ordering: .acquiringAndReleasing)
            return true
        }
        var seen = taken.load(ordering: .relaxed)
        while seen < maxc {
            let (exchanged, original) = taken.compareExchange(
                expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
            if exchanged {
                if seen + 1 == maxc { filledAt.store(now.nanoseconds, ordering: .relaxed) }
                return true
            }
            seen = original
        }
        return false
    }

    /// Gives a slot back.
    func release() {
        let left = taken.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
        assert(left >= 0, "a slot is given back once")
        ofGroup.release()
    }

    /// Takes a slot that was taken before, whatever the limits say now.
    func adopt() {
        ofGroup.adoptSlot()
        taken.wrappingAdd(1, ordering: .relaxed)
    }
}

extension Channel {
    /// Sessions at once; nil: no limit.
    var maxc: Int? { slots.maxc }

    /// Sessions here now, connecting ones too.
    var current: Int { slots.current }

    /// Whether a slot is free at this moment; only `reserve` makes it sure.
    @inline(__always)
    var hasRoom: Bool { slots.hasRoom }

    /// Takes a slot; false when `maxc` are taken, or all of the group's.
    func reserve(now: Instant) -> Bool { slots.reserve(now: now) }

    /// Gives a slot back.
    func release() { slots.release() }

    /// Takes a slot that was taken before, whatever the limits say now.
    func adoptSlot() { slots.adopt() }
}
