import Testing

@testable import proxyd

@Suite("Session life")
struct SessionLifeTests {
    /// How a session comes to be in a phase.
    enum Stage: String, Sendable, CaseIterable {
        case connecting, retrying, holding, relaying, clientEnded, channelEnded, closed

        var life: SessionLife {
            var life = SessionLife()
            switch self {
            case .connecting: break
            case .retrying: _ = life.connectFailed(.refused)
            case .holding: life.hold()
            case .relaying: _ = life.connected()
            case .clientEnded:
                _ = life.connected()
                _ = life.ended(.client)
            case .channelEnded:
                _ = life.connected()
                _ = life.ended(.channel)
            case .closed:
                _ = life.connected()
                _ = life.ended(.client)
                _ = life.ended(.channel)
            }
            return life
        }
    }

    /// What may happen to it.
    enum Event: Sendable {
        case connected, connectFailed(EndReason.Cause), foundNoChannel, ended(Side)
        case broke(Side, EndReason.Cause), timedOut(Side), cut(EndReason.Cause), closeEmpty

        func happen(to life: inout SessionLife) -> SessionLife.Action {
            switch self {
            case .connected: life.connected()
            case .connectFailed(let cause): life.connectFailed(cause)
            case .foundNoChannel: life.foundNoChannel()
            case .ended(let side): life.ended(side)
            case .broke(let side, let cause): life.broke(side, cause)
            case .timedOut(let side): life.timedOut(awaiting: side)
            case .cut(let cause): life.cut(cause)
            case .closeEmpty: life.closeEmpty(resetting: .client)
            }
        }
    }

    /// What comes of it: an action that closes nothing, or a code, a cause and who is reset.
    enum Outcome: Sendable, Equatable {
        case none, choose, relay, whenEmpty, overload, shutDown(Side)
        case close(String, EndReason.Cause, SessionLife.Resets)

        init(_ action: SessionLife.Action) {
            switch action {
            case .none: self = .none
            case .choose: self = .choose
            case .relay: self = .relay
            case .whenEmpty: self = .whenEmpty
            case .overload: self = .overload
            case .shutDownWrites(let side): self = .shutDown(side)
            case .close(let reason, let resets): self = .close(reason.code, reason.cause, resets)
            }
        }
    }

    @Test(
        "connecting",
        arguments: [
            (.connected, .relay), (.connectFailed(.refused), .choose),
            (.foundNoChannel, .whenEmpty), (.ended(.client), .none), (.ended(.channel), .none),
            (.broke(.client, .reset), .close("CC", .reset, .channel)),
            (.broke(.channel, .reset), .close("SC", .reset, .client)),
            (.timedOut(.channel), .choose), (.cut(.cut), .close("KC", .cut, .both)),
            (.closeEmpty, .close("PQ", .noChannel, .client)),
        ] as [(Event, Outcome)])
    func connecting(event: Event, outcome: Outcome) { expect(.connecting, event, outcome) }

    @Test(
        "connecting again after a failure",
        arguments: [
            (.connected, .relay), (.connectFailed(.timeout), .choose),
            (.foundNoChannel, .whenEmpty),
            (.closeEmpty, .close("SC", .refused, .client)),
            (.cut(.shutdown), .close("KC", .shutdown, .both)),
        ] as [(Event, Outcome)])
    func retrying(event: Event, outcome: Outcome) { expect(.retrying, event, outcome) }

    @Test(
        "holding",
        arguments: [
            (.foundNoChannel, .whenEmpty), (.ended(.client), .none), (.ended(.channel), .none),
            (.broke(.client, .reset), .close("CQ", .reset, .channel)),
            (.timedOut(.channel), .close("PQ", .noChannel, .neither)),
            (.cut(.cut), .close("KQ", .cut, .both)),
            (.closeEmpty, .close("PQ", .noChannel, .client)),
        ] as [(Event, Outcome)])
    func holding(event: Event, outcome: Outcome) { expect(.holding, event, outcome) }

    @Test(
        "relaying",
        arguments: [
            (.foundNoChannel, .none), (.connectFailed(.refused), .none),
            (.ended(.client), .shutDown(.channel)), (.ended(.channel), .shutDown(.client)),
            (.broke(.client, .reset), .close("CD", .reset, .channel)),
            (.broke(.channel, .deadPeer), .close("SD", .deadPeer, .client)),
            (.timedOut(.client), .close("cD", .timeout, .neither)),
            (.timedOut(.channel), .close("sD", .timeout, .neither)),
            (.cut(.cut), .close("KD", .cut, .both)),
        ] as [(Event, Outcome)])
    func relaying(event: Event, outcome: Outcome) { expect(.relaying, event, outcome) }

    @Test(
        "the client has ended its writes",
        arguments: [
            (.ended(.client), .none), (.ended(.channel), .close("--", .done, .neither)),
            (.broke(.client, .reset), .close("CF", .reset, .channel)),
            (.broke(.channel, .reset), .close("SF", .reset, .client)),
            // It is the other side's turn, whoever spoke last.
            (.timedOut(.client), .close("sF", .timeout, .neither)),
            (.timedOut(.channel), .close("sF", .timeout, .neither)),
            (.cut(.shutdown), .close("KF", .shutdown, .both)), (.foundNoChannel, .none),
        ] as [(Event, Outcome)])
    func clientEnded(event: Event, outcome: Outcome) { expect(.clientEnded, event, outcome) }

    @Test(
        "the channel has ended its writes",
        arguments: [
            (.ended(.channel), .none), (.ended(.client), .close("--", .done, .neither)),
            (.broke(.client, .reset), .close("CF", .reset, .channel)),
            (.broke(.channel, .reset), .close("SF", .reset, .client)),
            (.timedOut(.client), .close("cF", .timeout, .neither)),
            (.timedOut(.channel), .close("cF", .timeout, .neither)),
        ] as [(Event, Outcome)])
    func channelEnded(event: Event, outcome: Outcome) { expect(.channelEnded, event, outcome) }

    @Test(
        "nothing happens to a session that is closed, and nothing opens it again",
        arguments: [
            .connected, .connectFailed(.refused), .foundNoChannel, .ended(.client),
            .ended(.channel), .broke(.client, .reset), .broke(.channel, .reset),
            .timedOut(.client), .timedOut(.channel), .cut(.cut), .closeEmpty,
        ] as [Event])
    func closed(event: Event) {
        expect(.closed, event, .none)
        var life = Stage.closed.life
        _ = event.happen(to: &life)
        life.hold()
        life.chose()
        #expect(life.phase == .closed(.done))
    }

    private func expect(
        _ stage: Stage, _ event: Event, _ outcome: Outcome,
        at location: SourceLocation = #_sourceLocation
    ) {
        var life = stage.life
        let action = event.happen(to: &life)
        #expect(Outcome(action) == outcome, sourceLocation: location)
        if case .close(let reason, _) = action {
            #expect(life.phase == .closed(reason), sourceLocation: location)
        }
    }

    @Test("a session ends once", arguments: Stage.allCases.filter { $0 != .closed })
    func once(stage: Stage) {
        var life = stage.life
        guard case .close(let reason, _) = life.cut(.cut) else {
            Issue.record("a cut closes")
            return
        }
        #expect(life.broke(.client, .reset) == .none)
        #expect(life.cut(.shutdown) == .none)
        #expect(life.phase == .closed(reason))
    }

    @Test(
        "a session without a channel ends on account of its last failure",
        arguments: [
            (.refused, "SC"), (.unreachable, "SC"), (.timeout, "SC"), (.reset, "SC"),
            (.descriptors, "RC"), (.ports, "RC"), (.memory, "RC"),
        ] as [(EndReason.Cause, String)])
    func noChannel(cause: EndReason.Cause, code: String) {
        var life = SessionLife()
        #expect(life.connectFailed(.refused) == .choose)
        #expect(life.connectFailed(cause) == .choose)
        #expect(life.failures == 2)
        #expect(life.foundNoChannel() == .whenEmpty)
        #expect(Outcome(life.closeEmpty(resetting: .neither)) == .close(code, cause, .neither))
    }

    @Test("a held session connects when something has become usable, and may be held again")
    func heldAndBack() {
        var life = SessionLife()
        #expect(life.foundNoChannel() == .whenEmpty)
        life.hold()
        #expect(life.phase == .holding)
        life.chose()
        #expect(life.phase == .connecting)
        #expect(life.connectFailed(.refused) == .choose)
        #expect(life.foundNoChannel() == .whenEmpty)
        life.hold()
        life.chose()
        #expect(life.connected() == .relay)
        #expect(life.phase == .relaying)
    }
}
