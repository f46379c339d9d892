import Shared
import Testing

@testable import proxytop

@Suite("rates and trends")
struct TrackTests {
    static func sample(
        _ milliseconds: UInt64, _ total: UInt64, failed: UInt64 = 0, current: UInt64 = 0
    )
        -> Track.Sample
    {
        Track.Sample(milliseconds: milliseconds, total: total, failed: failed, current: current)
    }

    @Test("a rate is the average over the last ten seconds of the daemon's clock")
    func average() {
        var track = Track()
        #expect(track.rates.total == nil)
        for second in 0..<30 as Range<UInt64> {
            // Ten a second for twenty seconds, then none.
            track.add(Self.sample(second * 1000, min(second, 20) * 10))
            if second == 20 { #expect(track.rates.total == 10) }
        }
        #expect(track.rates.total == 1)
        track.add(Self.sample(35_000, 200))
        #expect(track.rates.total == 0)
    }

    @Test("with a slow tick two samples are enough")
    func slow() {
        var track = Track()
        track.add(Self.sample(0, 0))
        track.add(Self.sample(60_000, 120))
        #expect(track.rates.total == 2)
        track.add(Self.sample(120_000, 120))
        #expect(track.rates.total == 0)
    }

    @Test("the steps stay in the order of time when the clock goes back")
    func back() {
        var track = Track()
        for milliseconds in [100_000, 200_000, 300_000, 50_000, 40_000, 90_000] as [UInt64] {
            track.add(Self.sample(milliseconds, 1, current: 9))
        }
        #expect(track.steps.map(\.milliseconds) == [40_000, 90_000])
        var channel = Story().channels[0]
        (channel.sinceMilliseconds, channel.current) = (1_000_000, 5)
        #expect(DrainForecast(channel, track)?.left == 5)
    }

    @Test("a counter that was reset is a gap, never a negative rate")
    func reset() {
        var track = Track()
        track.add(Self.sample(0, 1000))
        track.add(Self.sample(1000, 1100))
        track.add(Self.sample(2000, 5))
        #expect(track.rates.total == nil)
        track.add(Self.sample(3000, 10))
        #expect(track.rates.total == 5)
    }

    @Test("failures count for five minutes")
    func failures() {
        var track = Track()
        for step in 0...100 as ClosedRange<UInt64> {
            track.add(Self.sample(step * 5000, 0, failed: min(step, 10)))
        }
        #expect(track.recentFailures == 0)
        track.add(Self.sample(505_000, 0, failed: 17))
        #expect(track.recentFailures == 7)
    }

    @Test("a trend moves once per bucket, keeps the spike, and shows a gap as nothing")
    func trend() {
        var track = Track()
        track.add(Self.sample(0, 0, current: 3))
        track.add(Self.sample(1000, 0, current: 9))
        track.add(Self.sample(2000, 0, current: 4))
        track.add(Self.sample(20_000, 0, current: 1))
        #expect(track.trend(cells: 3, stepsPerCell: 2, now: 20_000) == [9, nil, 1])
        #expect(track.trend(cells: 3, stepsPerCell: 2, now: 29_999) == [9, nil, 1])
        #expect(track.trend(cells: 3, stepsPerCell: 2, now: 30_000) == [nil, 1, nil])
    }

    @Test("memory has a limit")
    func limits() {
        var track = Track()
        for second in 0..<5000 as Range<UInt64> { track.add(Self.sample(second * 250, second)) }
        #expect(track.samples.count <= 42)
        #expect(track.steps.count <= Track.mostSteps)
    }

    @Test("another epoch begins with nothing; the same one goes on")
    func epochs() {
        var history = History()
        var story = Story()
        var restarts: [Bool] = []
        restarts.append(history.add(story.snapshot))
        story.advance(milliseconds: 1000)
        restarts.append(history.add(story.snapshot))
        #expect(history.sum.total != nil)
        story.epoch = 78
        story.milliseconds = 300
        restarts.append(history.add(story.snapshot))
        #expect(history.sum.total == nil)
        #expect(restarts == [false, false, true])
    }
}
