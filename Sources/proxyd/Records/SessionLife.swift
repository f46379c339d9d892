/// The life of one session, as decisions only: no socket and no clock, so every path can be tested.
///
/// Every pair of phase and event is listed below, those that cannot happen too.
struct SessionLife: Sendable {
    enum Phase: Equatable, Sendable {
        /// The client has to send something first.
        case preread
        /// In the service's queue: no channel is usable, or none has room.
        case holding
        /// A channel is chosen or about to be.
        case connecting
        case relaying
        /// That side has ended its writes, and the other has been notified.
        case halfClosed(Side)
        /// It is over, but bytes are still on their way.
        case flushing(Ending)
        case closed(EndReason)
    }

    enum Event: Equatable, Sendable {
        // What the client has to send before a channel is chosen.
        case prereadBegan
        case prereadDone
        case prereadTimedOut
        /// The client has ended its writes before it had sent what was needed.
        case closedEarly
        /// The client has sent something else than what was needed.
        case protocolError(EndReason.Cause)
        /// A limit or a rule keeps the client out.
        case rejected(EndReason.Cause, resetting: Resets)
        // Choosing a channel.
        case channelChosen
        case noChannelFound
        case queued
        case queueTimedOut
        /// No channel could take it, and it does not wait or has waited long enough.
        case gaveUp(resetting: Resets)
        // Connecting.
        case connectFailed(EndReason.Cause)
        case connected
        // Relaying.
        /// The side's bytes have all been delivered, and it has ended its writes.
        case ended(Side)
        /// Nothing has happened for too long, and it was this side's turn.
        case timedOut(awaiting: Side)
        // At any time.
        /// The side's connection has broken; the other side ends in the same way.
        case broke(Side, EndReason.Cause)
        /// An operator or the daemon's end closes it.
        case cut(EndReason.Cause)
        /// Another channel has become primary, and sessions of the old one are not kept.
        case superseded
        /// What was on its way has been delivered, or cannot be, or its time is over.
        case flushed
    }

    enum Action: Equatable, Sendable {
        case none
        /// Choose a channel that has not been tried, and connect.
        case choose
        case relay
        /// No channel can take the session: do as the listener's `when-empty` says.
        case whenEmpty
        /// There is no room: do as the service's `overload` says.
        case overload(EndReason.Cause)
        case shutDownWrites(Side)
        /// Deliver what is on its way, then close.
        case flush(Ending)
        /// Close both sides, those in `resetting` with a reset.
        case close(EndReason, resetting: Resets)
        /// The event cannot happen in this phase, which is a fault in proxyd: close the session, unless it is
        /// closed already.
        case violation(Event, in: Phase, close: EndReason?)
    }

    /// How a session ends once the bytes on their way are delivered.
    struct Ending: Equatable, Sendable {
        var reason: EndReason
        var resets: Resets
        /// The side whose connection has broken: only what it had sent before is delivered. nil: both still stand.
        var broken: Side?
    }

    /// The sides that must see a reset rather than an orderly end.
    enum Resets: Equatable, Sendable {
        case neither, client, channel, both

        func includes(_ side: Side) -> Bool {
            self == .both || self == (side == .client ? .client : .channel)
        }
    }

    private(set) var phase = Phase.connecting
    /// Connects that have failed.
    private(set) var failures = 0
    /// Why the last of them did.
    private(set) var lastFailure: EndReason.Cause?

    init() {}

    /// Goes on where another process has stopped.
    init(resuming phase: Phase, failures: Int, lastFailure: EndReason.Cause?) {
        self.phase = phase
        self.failures = failures
        self.lastFailure = lastFailure
    }

    /// What the event means in the present phase.
    mutating func handle(_ event: Event) -> Action {
        switch phase {
        case .preread: handleInPreread(event)
        case .holding: handleWhileHolding(event)
        case .connecting: handleWhileConnecting(event)
        case .relaying: handleWhileRelaying(event)
        case .halfClosed(let first): handleHalfClosed(event, endedFirst: first)
        case .flushing(let ending): handleWhileFlushing(event, ending)
        case .closed: violation(event)
        }
    }

    // MARK: Phase by phase

    private mutating func handleInPreread(_ event: Event) -> Action {
        switch event {
        case .prereadBegan:
            // The next thing that it has to send.
            return .none
        case .prereadDone:
            phase = .connecting
            return .choose
        case .prereadTimedOut:
            return close(.clientIdle, .timeout, resetting: .neither)
        case .closedEarly:
            return close(.client, .closed, resetting: .neither)
        case .protocolError(let cause):
            return close(.client, cause, resetting: .neither)
        case .rejected(let cause, let resets):
            return reject(cause, resetting: resets)
        case .broke(.client, let cause):
            return close(.client, cause, resetting: .channel)
        case .cut(let cause):
            return close(.operator, cause, resetting: .both)
        case .channelChosen, .noChannelFound, .queued, .queueTimedOut, .gaveUp, .connectFailed,
            .connected, .ended, .timedOut, .broke(.channel, _), .superseded, .flushed:
            return violation(event)
        }
    }

    private mutating func handleWhileHolding(_ event: Event) -> Action {
        switch event {
        case .channelChosen:
            phase = .connecting
            return .none
        case .noChannelFound:
            return .whenEmpty
        case .queued:
            // It was woken in vain.
            return .none
        case .queueTimedOut:
            return close(.channelIdle, .timeout, resetting: .neither)
        case .gaveUp(let resets):
            return closeEmpty(resetting: resets)
        case .rejected(let cause, let resets):
            return reject(cause, resetting: resets)
        case .broke(.client, let cause):
            return close(.client, cause, resetting: .channel)
        case .cut(let cause):
            return close(.operator, cause, resetting: .both)
        case .prereadBegan, .prereadDone, .prereadTimedOut, .closedEarly, .protocolError,
            .connectFailed, .connected, .ended, .timedOut, .broke(.channel, _), .superseded,
            .flushed:
            return violation(event)
        }
    }

    private mutating func handleWhileConnecting(_ event: Event) -> Action {
        switch event {
        case .prereadBegan:
            phase = .preread
            return .none
        case .prereadDone:
            // It had nothing to send first.
            return .choose
        case .rejected(let cause, let resets):
            return reject(cause, resetting: resets)
        case .channelChosen:
            return .none
        case .noChannelFound:
            return .whenEmpty
        case .queued:
            phase = .holding
            return .none
        case .queueTimedOut:
            // Its time was over before it could stand in the queue: the handshake took that long, say.
            phase = .holding
            return close(.channelIdle, .timeout, resetting: .neither)
        case .gaveUp(let resets):
            return closeEmpty(resetting: resets)
        case .connectFailed(let cause):
            failures += 1
            lastFailure = cause
            return .choose
        case .connected:
            phase = .relaying
            return .relay
        case .broke(let side, let cause):
            return broke(side, cause)
        case .cut(let cause):
            return close(.operator, cause, resetting: .both)
        case .superseded:
            return close(.superseded, .primaryChanged, resetting: .both)
        case .prereadTimedOut, .closedEarly, .protocolError, .ended, .timedOut, .flushed:
            return violation(event)
        }
    }

    private mutating func handleWhileRelaying(_ event: Event) -> Action {
        switch event {
        case .ended(let side):
            phase = .halfClosed(side)
            return .shutDownWrites(side.other)
        case .timedOut(let awaited):
            return flush(awaited.idle, .timeout, resetting: .neither)
        case .broke(let side, let cause):
            return flush(
                side.breaking, cause, resetting: side == .client ? .channel : .client, broken: side)
        case .cut(.shutdown):
            return flush(.operator, .shutdown, resetting: .both)
        case .cut(let cause):
            return close(.operator, cause, resetting: .both)
        case .superseded:
            return close(.superseded, .primaryChanged, resetting: .both)
        case .prereadBegan, .prereadDone, .prereadTimedOut, .closedEarly, .protocolError,
            .rejected, .channelChosen, .noChannelFound, .queued, .queueTimedOut, .gaveUp,
            .connectFailed, .connected, .flushed:
            return violation(event)
        }
    }

    private mutating func handleHalfClosed(_ event: Event, endedFirst first: Side) -> Action {
        switch event {
        case .ended(let side):
            guard side != first else { return violation(event) }
            phase = .closed(.done)
            return .close(.done, resetting: .neither)
        case .timedOut:
            // It is the other side's turn, whichever spoke last.
            return flush(first.other.idle, .timeout, resetting: .neither)
        case .broke(let side, let cause):
            return flush(
                side.breaking, cause, resetting: side == .client ? .channel : .client, broken: side)
        case .cut(.shutdown):
            return flush(.operator, .shutdown, resetting: .both)
        case .cut(let cause):
            return close(.operator, cause, resetting: .both)
        case .superseded:
            return close(.superseded, .primaryChanged, resetting: .both)
        case .prereadBegan, .prereadDone, .prereadTimedOut, .closedEarly, .protocolError,
            .rejected, .channelChosen, .noChannelFound, .queued, .queueTimedOut, .gaveUp,
            .connectFailed, .connected, .flushed:
            return violation(event)
        }
    }

    private mutating func handleWhileFlushing(_ event: Event, _ ending: Ending) -> Action {
        switch event {
        case .flushed:
            phase = .closed(ending.reason)
            return .close(ending.reason, resetting: ending.resets)
        case .cut(.shutdown):
            return .none
        case .cut, .superseded:
            // It has ended for its own reason; what is still on its way is not waited for.
            phase = .closed(ending.reason)
            return .close(ending.reason, resetting: .both)
        case .prereadBegan, .prereadDone, .prereadTimedOut, .closedEarly, .protocolError,
            .rejected, .channelChosen, .noChannelFound, .queued, .queueTimedOut, .gaveUp,
            .connectFailed, .connected, .ended, .timedOut, .broke:
            return violation(event)
        }
    }

    // MARK: Ends

    private mutating func reject(_ cause: EndReason.Cause, resetting: Resets) -> Action {
        let reason = EndReason(who: .proxy, when: .accept, cause: cause)
        phase = .closed(reason)
        return .close(reason, resetting: resetting)
    }

    private mutating func broke(_ side: Side, _ cause: EndReason.Cause) -> Action {
        switch side {
        case .client: close(.client, cause, resetting: .channel)
        case .channel: close(.channel, cause, resetting: .client)
        }
    }

    /// On account of the last connect that failed, if one did.
    private mutating func closeEmpty(resetting: Resets) -> Action {
        var reason = EndReason(who: .proxy, when: .queue, cause: .noChannel)
        if let cause = lastFailure {
            reason = EndReason(
                who: cause.isShortage ? .resource : .channel, when: .connect, cause: cause)
        }
        phase = .closed(reason)
        return .close(reason, resetting: resetting)
    }

    private mutating func close(
        _ who: EndReason.Who, _ cause: EndReason.Cause, resetting: Resets
    ) -> Action {
        let reason = EndReason(who: who, when: stage, cause: cause)
        phase = .closed(reason)
        return .close(reason, resetting: resetting)
    }

    private mutating func flush(
        _ who: EndReason.Who, _ cause: EndReason.Cause, resetting: Resets, broken: Side? = nil
    ) -> Action {
        let reason = EndReason(who: who, when: stage, cause: cause)
        let ending = Ending(reason: reason, resets: resetting, broken: broken)
        phase = .flushing(ending)
        return .flush(ending)
    }

    private mutating func violation(_ event: Event) -> Action {
        let phase = phase
        if case .closed = phase { return .violation(event, in: phase, close: nil) }
        let reason = EndReason(who: .proxy, when: stage, cause: .other)
        self.phase = .closed(reason)
        return .violation(event, in: phase, close: reason)
    }

    private var stage: EndReason.When {
        switch phase {
        case .preread: .preread
        case .holding: .queue
        case .connecting: .connect
        case .relaying: .data
        case .halfClosed: .halfClosed
        case .flushing(let ending): ending.reason.when
        case .closed(let reason): reason.when
        }
    }
}

extension Side {
    /// This side let the time run out.
    fileprivate var idle: EndReason.Who { self == .client ? .clientIdle : .channelIdle }
    /// This side's connection has broken.
    fileprivate var breaking: EndReason.Who { self == .client ? .client : .channel }
}
