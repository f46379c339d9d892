import Shared
import Testing

@testable import proxyd

@Suite("Explanation")
struct ExplanationTests {
    private static let now = Instant.at(100)

    /// Groups of channels of these weights, all by their indexes.
    private func service(_ groups: [[Int]]) throws -> Service {
        var blueprint = Blueprint()
        let built = try groups.enumerated().map { index, weights in
            let channels = try weights.enumerated().map { place, weight in
                try blueprint.channel(
                    Blueprint.Part(name: "\(place)", weight: weight), in: "s/\(index)")
            }
            return Group(
                GroupConfiguration(name: "\(index)"), in: "s", serial: 100 + UInt64(index),
                channels: channels)
        }
        return Service(
            ServiceConfiguration(name: "s"), serial: 1000, listeners: [], groups: built)
    }

    private func verdicts(_ service: Service, _ client: ClientKey = .unknown) -> [String] {
        service.explain(client, now: Self.now).map { "\($0.channel.path) \($0.verdict.rawValue)" }
    }

    @Test("says what the next client gets, and uses up no turn")
    func dryRun() throws {
        let service = try self.service([[1, 1, 1], [1]])
        for _ in 0..<9 {
            let before = service.explain(.unknown, now: Self.now)
            #expect(before.count { $0.verdict == .chosen } == 1)
            let expected = try #require(before.first { $0.verdict == .chosen }?.channel)
            #expect(verdicts(service) == before.map { "\($0.channel.path) \($0.verdict.rawValue)" })
            let chosen = service.choose(excluding: [], now: Self.now)
            #expect(chosen === expected)
        }
        #expect(verdicts(service).last == "s/1/0 later")
    }

    @Test("names what keeps a client from each channel")
    func reasons() throws {
        let service = try self.service([[1, 0, 1], [1]])
        let channels = service.channels
        channels[0].turn(.off, by: "0:test[1]", now: Self.now)
        _ = channels[2].failed(why: "refused", grace: .seconds(60), now: Self.now)
        let rows = service.explain(.unknown, now: Self.now)
        #expect(
            rows.map(\.reason) == ["off", "its weight is 0", "grace: refused", "by round-robin"])
        #expect(rows.map(\.verdict) == [.unusable, .unusable, .unusable, .chosen])
    }

    @Test("when nothing is usable, the channel whose grace time ends first is chosen")
    func lastResort() throws {
        let service = try self.service([[1, 1]])
        let channels = service.channels
        _ = channels[0].failed(why: "refused", grace: .seconds(60), now: Self.now)
        _ = channels[1].failed(why: "refused", grace: .seconds(30), now: Self.now)
        #expect(verdicts(service) == ["s/0/0 unusable", "s/0/1 chosen"])
        #expect(service.choose(excluding: [], now: Self.now) === channels[1])
    }
}
