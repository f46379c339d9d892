/// The life of one session, as decisions only: no socket and no clock, so every path can be tested.
struct SessionLife: Sendable {
    enum Phase: Equatable, Sendable {
        /// The client has to send something first.
        case preamble
        /// No channel is usable; waiting for one.
        case holding
        case connecting
        case relaying
        /// That side has ended its writes, and the other has been told.
        case halfClosed(Side)
        case closed(EndReason)
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
        /// Close both sides, those in `resetting` with a reset.
        case close(EndReason, resetting: Resets)
    }

    /// The sides that must see a reset rather than an orderly end.
    enum Resets: Equatable, Sendable {
        case neither, client, channel, both
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

    /// The chosen channel could not be connected to.
    mutating func connectFailed(_ cause: EndReason.Cause) -> Action {
        guard phase == .connecting else { return .none }
        failures += 1
        lastFailure = cause
        return .choose
    }

    /// Nothing was left to choose; a session that is held already is held on.
    mutating func foundNoChannel() -> Action {
        phase == .connecting || phase == .holding ? .whenEmpty : .none
    }

    /// The client is one too many.
    mutating func turnAway(_ cause: EndReason.Cause, resetting: Resets) -> Action {
        close(EndReason(who: .proxy, when: .accept, cause: cause), resetting: resetting)
    }

    /// The client has to send something before a channel is chosen.
    mutating func expect() {
        if phase == .connecting { phase = .preamble }
    }

    /// It has sent it.
    mutating func choose() {
        if phase == .preamble { phase = .connecting }
    }

    /// It has ended its writes before.
    mutating func endedEarly() -> Action {
        guard phase == .preamble else { return .none }
        return close(
            EndReason(who: .client, when: .preamble, cause: .closed), resetting: .neither)
    }

    /// It has sent something else than what was expected.
    mutating func spokeNonsense(_ cause: EndReason.Cause) -> Action {
        guard phase == .preamble else { return .none }
        return close(
            EndReason(who: .client, when: .preamble, cause: cause), resetting: .neither)
    }

    /// It has taken too long.
    mutating func spokeTooLate() -> Action {
        guard phase == .preamble else { return .none }
        return close(Self.idle(.client, .preamble), resetting: .neither)
    }

    /// It has waited in line for too long.
    mutating func queueTimedOut() -> Action {
        guard phase == .holding else { return .none }
        return close(
            EndReason(who: .channelIdle, when: .queue, cause: .timeout), resetting: .neither)
    }

    /// The listener lets clients wait.
    mutating func hold() {
        guard phase == .connecting else { return }
        phase = .holding
    }

    /// A channel was chosen.
    mutating func chose() {
        guard phase == .holding else { return }
        phase = .connecting
    }

    mutating func connected() -> Action {
        guard phase == .connecting else { return .none }
        phase = .relaying
        return .relay
    }

    /// A side's bytes have all been delivered, and it has ended its writes.
    mutating func ended(_ side: Side) -> Action {
        switch phase {
        case .relaying:
            phase = .halfClosed(side)
            return .shutDownWrites(side.other)
        case .halfClosed(let first) where first != side:
            return close(.done, resetting: .neither)
        case .halfClosed, .preamble, .holding, .connecting, .closed:
            return .none
        }
    }

    /// A side's connection has broken; the other side is told in the same way.
    mutating func broke(_ side: Side, _ cause: EndReason.Cause) -> Action {
        let who: EndReason.Who = side == .client ? .client : .channel
        return close(
            EndReason(who: who, when: stage, cause: cause),
            resetting: side == .client ? .channel : .client)
    }

    /// Nothing has happened for too long, and it was `awaited`'s turn.
    mutating func timedOut(awaiting awaited: Side) -> Action {
        switch phase {
        case .preamble:
            return spokeTooLate()
        case .holding:
            return closeEmpty(resetting: .neither)
        case .connecting:
            return connectFailed(.timeout)
        case .relaying:
            return close(Self.idle(awaited, .data), resetting: .neither)
        case .halfClosed(let ended):
            return close(Self.idle(ended.other, .halfClosed), resetting: .neither)
        case .closed:
            return .none
        }
    }

    private static func idle(_ side: Side, _ when: EndReason.When) -> EndReason {
        EndReason(who: side == .client ? .clientIdle : .channelIdle, when: when, cause: .timeout)
    }

    /// A person or the daemon's end cuts it.
    mutating func cut(_ cause: EndReason.Cause) -> Action {
        close(EndReason(who: .operator, when: stage, cause: cause), resetting: .both)
    }

    /// Another channel has become primary, and sessions of the old one are not kept.
    mutating func supersede() -> Action {
        close(
            EndReason(who: .superseded, when: stage, cause: .primaryChanged), resetting: .both)
    }

    /// No channel could take it, and the listener does not let it wait.
    mutating func closeEmpty(resetting: Resets) -> Action {
        guard let cause = lastFailure else {
            return close(
                EndReason(who: .proxy, when: .queue, cause: .noChannel), resetting: resetting)
        }
        let who: EndReason.Who = cause.isShortage ? .resource : .channel
        return close(EndReason(who: who, when: .connect, cause: cause), resetting: resetting)
    }

    private var stage: EndReason.When {
        switch phase {
        case .preamble: .preamble
        case .holding: .queue
        case .connecting: .connect
        case .relaying: .data
        case .halfClosed: .halfClosed
        case .closed(let reason): reason.when
        }
    }

    private mutating func close(_ reason: EndReason, resetting: Resets) -> Action {
        if case .closed = phase { return .none }
        phase = .closed(reason)
        return .close(reason, resetting: resetting)
    }
}
