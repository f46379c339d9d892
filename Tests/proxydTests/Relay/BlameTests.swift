import Shared
import Testing

@testable import proxyd

@Suite("Whose fault it is")
struct BlameTests {
    /// A session of which both connections are well and bytes moved a moment ago.
    private static func session(_ change: (inout SessionRecord) -> Void) throws -> SessionRecord {
        let listener = try Blueprint.topology([("s", [("g", ["a"])])]).listeners[0]
        var record = SessionRecord.sample(1, of: listener)
        record.legs = ConnectionInfo(client: TCPInfo(), channel: TCPInfo())
        change(&record)
        return record
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var blame: Blame?
        var change: @Sendable (inout SessionRecord) -> Void

        init(
            _ description: String, _ blame: Blame?,
            _ change: @escaping @Sendable (inout SessionRecord) -> Void
        ) {
            testDescription = description
            self.blame = blame
            self.change = change
        }
    }

    private static func idle(_ record: inout SessionRecord, _ seconds: UInt64 = 5) {
        record.inward.idle = seconds * 1_000_000_000
        record.outward.idle = seconds * 1_000_000_000
    }

    static let cases = [
        Case("bytes move", nil) { _ in },
        Case("nothing waits, nothing moves", .idle) { idle(&$0) },
        Case("idle, as far as anybody knows", .idle) {
            idle(&$0)
            $0.legs = nil
        },
        Case("one direction moves", nil) { $0.inward.idle = 9_000_000_000 },
        Case("waiting for a channel", nil) {
            idle(&$0)
            $0.phase = .holding
        },
        Case("connecting", nil) { $0.phase = .connecting },
        Case("the channel does not answer our SYN", .channelLoss) {
            $0.phase = .connecting
            $0.legs?.channel?.timeouts = 1
            $0.legs?.channel?.retransmitted = 1
        },
        Case("the client does not read", .clientSlow) { $0.outward.isBlocked = true },
        Case("the channel does not read", .channelSlow) { $0.inward.isBlocked = true },
        Case("nor over a Unix socket", .channelSlow) {
            $0.inward.isBlocked = true
            $0.legs = ConnectionInfo()
        },
        Case("neither reads, the channel for longer", .channelSlow) {
            $0.inward.isBlocked = true
            $0.outward.isBlocked = true
            $0.inward.idle = 3_000_000_000
        },
        Case("neither reads, the client for longer", .clientSlow) {
            $0.inward.isBlocked = true
            $0.outward.isBlocked = true
            $0.outward.idle = 3_000_000_000
        },
        Case("half-closed counts like open", .clientSlow) {
            $0.phase = .halfClosed(.client)
            $0.outward.isBlocked = true
        },
        Case("the client has closed its window", .clientSlow) {
            idle(&$0)
            $0.legs?.client?.unsent = 1000
        },
        Case("a window that is probed", .channelSlow) {
            $0.legs?.channel?.unsent = 1000
            $0.legs?.channel?.probes = 1
        },
        Case("what is unsent for a moment is nothing", nil) { $0.legs?.channel?.unsent = 1000 },
        Case("half of the time its window was closed", .channelSlow) {
            $0.legs?.channel?.busy = 4_000_000
            $0.legs?.channel?.windowLimited = 2_000_000
        },
        Case("some of the time", nil) {
            $0.legs?.channel?.busy = 4_000_000
            $0.legs?.channel?.windowLimited = 1_900_000
        },
        Case("too short to tell", nil) {
            $0.legs?.channel?.busy = 900_000
            $0.legs?.channel?.windowLimited = 900_000
        },
        Case("long ago", .idle) {
            idle(&$0)
            $0.legs?.channel?.busy = 4_000_000
            $0.legs?.channel?.windowLimited = 4_000_000
        },
        Case("our own buffer is the limit", nil) {
            $0.legs?.channel?.busy = 4_000_000
            $0.legs?.channel?.bufferLimited = 4_000_000
        },
        Case("a timeout", .clientLoss) {
            $0.legs?.client?.unacknowledged = 3
            $0.legs?.client?.timeouts = 1
        },
        Case("a timeout is why it does not read", .clientLoss) {
            $0.outward.isBlocked = true
            $0.legs?.client?.unacknowledged = 3
            $0.legs?.client?.timeouts = 1
        },
        Case("sent again just now", .channelLoss) {
            $0.legs?.channel?.unacknowledged = 3
            $0.legs?.channel?.isRecovering = true
        },
        Case("no acknowledgement for long", .channelLoss) {
            idle(&$0)
            $0.legs?.channel?.unacknowledged = 1
            $0.legs?.channel?.rtt = 20_000
            $0.legs?.channel?.lastSent = 1500
            $0.legs?.channel?.lastAcknowledged = 1500
        },
        Case("no acknowledgement yet, over a long way", .idle) {
            idle(&$0)
            $0.legs?.channel?.unacknowledged = 1
            $0.legs?.channel?.rtt = 600_000
            $0.legs?.channel?.lastSent = 1500
            $0.legs?.channel?.lastAcknowledged = 1500
        },
        Case("one in fifty sent twice", .clientLoss) {
            $0.legs?.client?.retransmitted = 20
            $0.legs?.client?.sent = 1_000_000
            $0.legs?.client?.sentAgain = 20_000
        },
        Case("one in a hundred sent twice", nil) {
            $0.legs?.client?.retransmitted = 20
            $0.legs?.client?.sent = 1_000_000
            $0.legs?.client?.sentAgain = 10_000
        },
        Case("both lose, the channel more", .channelLoss) {
            $0.legs?.client?.unacknowledged = 3
            $0.legs?.client?.timeouts = 1
            $0.legs?.channel?.unacknowledged = 3
            $0.legs?.channel?.timeouts = 4
        },
    ]

    @Test("is told from both connections and what our flows wait for", arguments: cases)
    func blame(example: Case) throws {
        #expect(Blame(try Self.session(example.change)) == example.blame)
    }

    @Test("what may never end by itself is told after a while, not at once")
    func stuck() throws {
        func stuck(_ change: (inout SessionRecord) -> Void) throws -> Stuck? {
            Stuck(try Self.session(change))
        }
        let second: UInt64 = 1_000_000_000
        #expect(try stuck { Self.idle(&$0, 9000) } == nil)
        for (age, word) in [(5, nil), (6, .connecting)] as [(UInt64, Stuck?)] {
            let found = try stuck {
                $0.phase = .connecting
                $0.age = age * second
            }
            #expect(found == word)
        }
        for (idle, word) in [(60, nil), (61, .halfClosed)] as [(UInt64, Stuck?)] {
            let found = try stuck {
                $0.phase = .halfClosed(.client)
                Self.idle(&$0, idle)
            }
            #expect(found == word)
        }
        for (idle, word) in [(30, nil), (31, .blocked)] as [(UInt64, Stuck?)] {
            let found = try stuck {
                $0.outward.isBlocked = true
                $0.outward.idle = idle * second
            }
            #expect(found == word)
        }
        for (bytes, word) in [(0, .oneWay), (1, nil)] as [(UInt64, Stuck?)] {
            let found = try stuck {
                $0.inward.byteCount = 7
                $0.outward.byteCount = bytes
                Self.idle(&$0, 61)
            }
            #expect(found == word)
        }
    }
}
