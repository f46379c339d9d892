/// When channels' grace times are over by themselves, the earliest first.
///
/// A channel stands in it at most once, at the end that was known when it was put in last. An end that has moved since is
/// seen when the old one has come.
struct GraceQueue {
    private var channels = SlotTable<Waiting>()
    private var deadlines = DeadlineQueue()
    private var slots: [UInt64: Int] = [:]

    private final class Waiting {
        let channel: Channel

        init(_ channel: Channel) { self.channel = channel }
    }

    var next: Instant? { deadlines.next }
    var count: Int { channels.count }

    /// Waits for the end of this channel's grace time, if it is in one.
    mutating func add(_ channel: Channel, now: Instant) {
        guard let end = channel.returns(now: now) else { return }
        let slot = slots[channel.serial] ?? insert(channel)
        deadlines.schedule(slot: slot, at: end)
    }

    private mutating func insert(_ channel: Channel) -> Int {
        let slot = channels.reserve().slot
        channels.fill(slot: slot, with: Waiting(channel))
        slots[channel.serial] = slot
        return slot
    }

    /// Takes out those whose grace time is over; whether there were any.
    mutating func endExpired(now: Instant) -> Bool {
        var hasEnded = false
        while let slot = deadlines.popExpired(now: now) {
            guard let channel = channels[slot: slot]?.channel else { continue }
            if let end = channel.returns(now: now) {
                deadlines.schedule(slot: slot, at: end)
            } else {
                channels.remove(slot: slot)
                slots[channel.serial] = nil
                hasEnded = true
            }
        }
        return hasEnded
    }
}
