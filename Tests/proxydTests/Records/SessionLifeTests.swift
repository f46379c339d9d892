import Testing

@testable import proxyd

/// Every phase with every event: what comes of it, and which pairs are a fault of ours.
@Suite("Session life")
struct SessionLifeTests {
    /// How a session comes to be in a phase.
    enum Stage: String, Sendable, CaseIterable {
        case preread, connecting, retrying, holding, relaying, clientEnded, channelEnded
        case flushing, closed

        var life: SessionLife {
            switch self {
            case .preread: SessionLife(after: .prereadBegan)
            case .connecting: SessionLife()
            case .retrying: SessionLife(after: .connectFailed(.refused))
            case .holding: SessionLife(after: .queued)
            case .relaying: SessionLife(after: .connected)
            case .clientEnded: SessionLife(after: .connected, .ended(.client))
            case .channelEnded: SessionLife(after: .connected, .ended(.channel))
            case .flushing: SessionLife(after: .connected, .broke(.channel, .reset))
            case .closed: SessionLife(after: .connected, .ended(.client), .ended(.channel))
            }
        }
    }

    /// What comes of it: an action that closes nothing, or a code, a cause and the sides that are reset.
    enum Outcome: Sendable, Equatable {
        case none, choose, relay, whenEmpty, overload, shutDown(Side)
        case close(String, EndReason.Cause, SessionLife.Resets)
        /// The same, once what is on its way is delivered; of a broken side only what comes from it.
        case flush(String, EndReason.Cause, SessionLife.Resets, Side?)
        /// It cannot happen; the session is closed with this code, or is closed already.
        case violation(String?)

        init(_ action: SessionLife.Action) {
            switch action {
            case .none: self = .none
            case .choose: self = .choose
            case .relay: self = .relay
            case .whenEmpty: self = .whenEmpty
            case .overload: self = .overload
            case .shutDownWrites(let side): self = .shutDown(side)
            case .close(let reason, let resets): self = .close(reason.code, reason.cause, resets)
            case .flush(let ending):
                self = .flush(
                    ending.reason.code, ending.reason.cause, ending.resets, ending.broken)
            case .violation(_, _, let reason): self = .violation(reason?.code)
            }
        }
    }

    typealias Event = SessionLife.Event

    static let events: [Event] = [
        .prereadBegan, .prereadDone, .prereadTimedOut, .closedEarly, .protocolError(.tls),
        .rejected(.rate, resetting: .client), .channelChosen, .noChannelFound, .queued,
        .queueTimedOut, .gaveUp(resetting: .client), .connectFailed(.timeout), .connected,
        .ended(.client), .ended(.channel), .timedOut(awaiting: .client),
        .timedOut(awaiting: .channel), .broke(.client, .reset), .broke(.channel, .deadPeer),
        .cut(.cut), .cut(.shutdown), .superseded, .flushed,
    ]

    /// In the order of `events`.
    static let table: [(stage: Stage, outcomes: [Outcome])] = [
        (
            .preread,
            [
                .none, .choose, .close("cH", .timeout, .neither), .close("CH", .closed, .neither),
                .close("CH", .tls, .neither), .close("PA", .rate, .client), .violation("PH"),
                .violation("PH"), .violation("PH"), .violation("PH"), .violation("PH"),
                .violation("PH"), .violation("PH"), .violation("PH"), .violation("PH"),
                .violation("PH"), .violation("PH"), .close("CH", .reset, .channel),
                .violation("PH"), .close("KH", .cut, .both), .close("KH", .shutdown, .both),
                .violation("PH"), .violation("PH"),
            ]
        ),
        (
            .connecting,
            [
                .none, .choose, .violation("PC"), .violation("PC"), .violation("PC"),
                .close("PA", .rate, .client), .none, .whenEmpty, .none,
                .close("sQ", .timeout, .neither), .close("PQ", .noChannel, .client), .choose,
                .relay, .violation("PC"), .violation("PC"), .violation("PC"), .violation("PC"),
                .close("CC", .reset, .channel), .close("SC", .deadPeer, .client),
                .close("KC", .cut, .both), .close("KC", .shutdown, .both),
                .close("UC", .primaryChanged, .both), .violation("PC"),
            ]
        ),
        (
            .retrying,
            [
                .none, .choose, .violation("PC"), .violation("PC"), .violation("PC"),
                .close("PA", .rate, .client), .none, .whenEmpty, .none,
                .close("sQ", .timeout, .neither), .close("SC", .refused, .client), .choose,
                .relay, .violation("PC"), .violation("PC"), .violation("PC"), .violation("PC"),
                .close("CC", .reset, .channel), .close("SC", .deadPeer, .client),
                .close("KC", .cut, .both), .close("KC", .shutdown, .both),
                .close("UC", .primaryChanged, .both), .violation("PC"),
            ]
        ),
        (
            .holding,
            [
                .violation("PQ"), .violation("PQ"), .violation("PQ"), .violation("PQ"),
                .violation("PQ"), .close("PA", .rate, .client), .none, .whenEmpty, .none,
                .close("sQ", .timeout, .neither), .close("PQ", .noChannel, .client),
                .violation("PQ"), .violation("PQ"), .violation("PQ"), .violation("PQ"),
                .violation("PQ"), .violation("PQ"), .close("CQ", .reset, .channel),
                .violation("PQ"), .close("KQ", .cut, .both), .close("KQ", .shutdown, .both),
                .violation("PQ"), .violation("PQ"),
            ]
        ),
        (
            .relaying,
            [Outcome](repeating: .violation("PD"), count: 13) + [
                .shutDown(.channel), .shutDown(.client), .flush("cD", .timeout, .neither, nil),
                .flush("sD", .timeout, .neither, nil), .flush("CD", .reset, .channel, .client),
                .flush("SD", .deadPeer, .client, .channel), .close("KD", .cut, .both),
                .flush("KD", .shutdown, .both, nil),
                .close("UD", .primaryChanged, .both), .violation("PD"),
            ]
        ),
        (
            .clientEnded,
            [Outcome](repeating: .violation("PF"), count: 14) + [
                .close("--", .done, .neither),
                // It is the other side's turn, whichever spoke last.
                .flush("sF", .timeout, .neither, nil), .flush("sF", .timeout, .neither, nil),
                .flush("CF", .reset, .channel, .client), .flush("SF", .deadPeer, .client, .channel),
                .close("KF", .cut, .both), .flush("KF", .shutdown, .both, nil),
                .close("UF", .primaryChanged, .both), .violation("PF"),
            ]
        ),
        (
            .channelEnded,
            [Outcome](repeating: .violation("PF"), count: 13) + [
                .close("--", .done, .neither), .violation("PF"),
                .flush("cF", .timeout, .neither, nil), .flush("cF", .timeout, .neither, nil),
                .flush("CF", .reset, .channel, .client), .flush("SF", .deadPeer, .client, .channel),
                .close("KF", .cut, .both), .flush("KF", .shutdown, .both, nil),
                .close("UF", .primaryChanged, .both), .violation("PF"),
            ]
        ),
        (
            .flushing,
            [Outcome](repeating: .violation("PD"), count: 19) + [
                .close("SD", .reset, .both), .none, .close("SD", .reset, .both),
                .close("SD", .reset, .client),
            ]
        ),
        (.closed, [Outcome](repeating: .violation(nil), count: 23)),
    ]

    @Test("every event in every phase", arguments: table)
    func everyPair(stage: Stage, outcomes: [Outcome]) throws {
        try #require(outcomes.count == Self.events.count)
        for (event, outcome) in zip(Self.events, outcomes) {
            var life = stage.life
            let before = life.phase
            let action = life.handle(event)
            #expect(Outcome(action) == outcome, "\(event)")
            switch action {
            case .close(let reason, _), .violation(_, _, let reason?):
                #expect(life.phase == .closed(reason), "\(event)")
            case .flush(let ending):
                #expect(life.phase == .flushing(ending), "\(event)")
            case .violation(event, before, nil):
                #expect(life.phase == before, "\(event)")
            default:
                if case .closed = life.phase { Issue.record("\(event) closes without a reason") }
            }
        }
    }

    @Test("the table has every stage once")
    func complete() { #expect(Self.table.map(\.stage) == Stage.allCases) }

    @Test(
        "events that lead from one phase to another",
        arguments: [
            (.preread, .prereadDone, .connecting), (.preread, .prereadBegan, .preread),
            (.connecting, .prereadBegan, .preread), (.connecting, .queued, .holding),
            (.connecting, .connected, .relaying), (.connecting, .channelChosen, .connecting),
            (.connecting, .connectFailed(.refused), .connecting),
            (.holding, .channelChosen, .connecting), (.holding, .queued, .holding),
            (.holding, .noChannelFound, .holding),
            (.relaying, .ended(.client), .halfClosed(.client)),
            (.relaying, .ended(.channel), .halfClosed(.channel)),
        ] as [(Stage, Event, SessionLife.Phase)])
    func next(stage: Stage, event: Event, phase: SessionLife.Phase) {
        var life = stage.life
        _ = life.handle(event)
        #expect(life.phase == phase)
    }

    @Test("a session ends once", arguments: Stage.allCases.filter { $0 != .closed })
    func once(stage: Stage) {
        var life = stage.life
        guard case .close(let reason, _) = life.handle(.cut(.cut)) else {
            Issue.record("a cut closes")
            return
        }
        for event in Self.events {
            #expect(Outcome(life.handle(event)) == .violation(nil), "\(event)")
            #expect(life.phase == .closed(reason))
        }
    }

    @Test(
        "a session without a channel ends on account of its last failure",
        arguments: [
            (.refused, "SC"), (.unreachable, "SC"), (.timeout, "SC"), (.reset, "SC"),
            (.descriptors, "RC"), (.ports, "RC"), (.memory, "RC"),
        ] as [(EndReason.Cause, String)])
    func noChannel(cause: EndReason.Cause, code: String) {
        var life = SessionLife()
        #expect(life.handle(.connectFailed(.refused)) == .choose)
        #expect(life.handle(.connectFailed(cause)) == .choose)
        #expect(life.failures == 2)
        #expect(life.handle(.noChannelFound) == .whenEmpty)
        #expect(
            Outcome(life.handle(.gaveUp(resetting: .neither))) == .close(code, cause, .neither))
    }

    @Test("a held session connects when something has become usable, and may be held again")
    func heldAndBack() {
        var life = SessionLife(
            after: .noChannelFound, .queued, .channelChosen, .connectFailed(.refused))
        #expect(life.phase == .connecting)
        #expect(life.handle(.noChannelFound) == .whenEmpty)
        #expect(life.handle(.queued) == .none)
        #expect(life.phase == .holding)
        #expect(life.handle(.channelChosen) == .none)
        #expect(life.handle(.connected) == .relay)
        #expect(life.phase == .relaying)
    }
}

extension SessionLife {
    fileprivate init(after events: Event...) {
        self.init()
        for event in events { _ = handle(event) }
    }
}
