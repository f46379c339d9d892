import Shared
import Testing

@testable import proxyd

@Suite("Simulation")
struct SimulationTests {
    private static func channels(_ texts: String...) throws -> [SimulatedChannelSettings] {
        try texts.map { try #require(SimulatedChannelSettings($0)) }
    }

    private static let arrivals = Arrivals.synthetic(
        count: 2000, rate: 100, service: 1, sources: 100, seed: 1)

    private func run(
        _ policy: PolicyName, _ channels: [SimulatedChannelSettings],
        outages: [SimulatedOutage] = []
    ) -> Simulation.Result {
        Simulation(balance: .init(policy: policy), channels: channels, outages: outages)
            .run(Self.arrivals)
    }

    @Test("the same clients give the same result", arguments: PolicyName.allCases)
    func reproducible(policy: PolicyName) throws {
        let channels = try Self.channels("2", "1x0.5", "1")
        let outage = SimulatedOutage(channel: 1, start: 5, end: 10)
        let result = run(policy, channels, outages: [outage])
        #expect(result == run(policy, channels, outages: [outage]))
        #expect(result.total + result.lost == Self.arrivals.count)
        #expect(result.samples.count == Simulation.sampleCount)
        #expect(
            Arrivals.synthetic(count: 9, rate: 1, service: 1, sources: 9, seed: 1)
                != Arrivals.synthetic(count: 9, rate: 1, service: 1, sources: 9, seed: 2))
    }

    @Test("a slow channel is spared by who looks, and drowned by who does not")
    func slow() throws {
        let channels = try Self.channels("1", "1x0.25")
        let fair = run(.leastConnections, channels)
        let turns = run(.roundRobin, channels)
        #expect(fair.share(of: 1) < 250)
        #expect(turns.share(of: 1) == 500)
        #expect(turns.peaks[1] > 2 * fair.peaks[1])
    }

    @Test("maxc is never exceeded, and those without a place are lost")
    func full() throws {
        let result = run(.first, try Self.channels("1:10", "1:20"))
        #expect(result.peaks == [10, 20])
        #expect(result.lost > 0)
        #expect(run(.first, try Self.channels("1")).lost == 0)
    }

    @Test("who is away gets nobody")
    func away() throws {
        let outage = SimulatedOutage(channel: 0, start: 0, end: 1e9)
        let result = run(.roundRobin, try Self.channels("1", "1"), outages: [outage])
        #expect(result.sessions[0] == 0)
        #expect(result.imbalance == 200)
    }

    @Test(
        "channels and outages are read as they are written",
        arguments: ["", "x", "1x", "1x0", "-1", "1:0", "1:x", "1x1:2:3", "99999"])
    func mistakes(text: String) { #expect(SimulatedChannelSettings(text) == nil) }

    @Test("channels and outages")
    func reading() throws {
        let channel = try #require(SimulatedChannelSettings("2x0.5:7"))
        #expect(channel.weight == 2 && channel.speed == 0.5 && channel.maxc == 7)
        #expect(SimulatedOutage("B:20-40") == SimulatedOutage(channel: 1, start: 20, end: 40))
        for text in ["", "B", "b:1-2", "BB:1-2", "B:2-1", "B:1", "B:x-2"] {
            #expect(SimulatedOutage(text) == nil)
        }
    }

    @Test("a log of arrivals, sorted, with comments; the first bad line is named")
    func log() throws {
        let text = "# seconds address\n2 10.0.0.1 0.5 10\n\n1\t2001:db8::1\n"
        let arrivals = try Arrivals.read(text, service: 3)
        #expect(arrivals.map(\.time) == [1, 2])
        #expect(arrivals.map(\.service) == [3, 0.5])
        #expect(arrivals[1].bytes == 10)
        for line in ["1", "x 10.0.0.1", "1 host", "-1 10.0.0.1", "1 10.0.0.1 x", "nan 10.0.0.1"] {
            let error = #expect(throws: Arrivals.BadLine.self) {
                try Arrivals.read("1 10.0.0.1\n" + line, service: 1)
            }
            #expect(error?.number == 2)
        }
    }

    @Test("the picture has a line per channel and a panel per policy")
    func picture() throws {
        let channels = try Self.channels("1", "1")
        let svg = SimulationPicture.svg([run(.first, channels), run(.sticky, channels)])
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        #expect(svg.split(separator: "<polyline").count == 5)
        #expect(svg.contains(">first</text>") && svg.contains(">sticky</text>"))
    }
}
