/// The past of one channel or service: seconds for a quarter of an hour, ten seconds for four hours.
struct SampleSeries: Sendable {
    static let secondCount = 900
    static let tenSecondCount = 1440
    /// What one takes when it is full.
    static let bytes =
        (secondCount + tenSecondCount) * MemoryLayout<Sample>.stride
        + MemoryLayout<SampleSeries>.stride

    var seconds = SampleRing(capacity: secondCount)
    var tenSeconds = SampleRing(capacity: tenSecondCount)
    private var last: CounterReading
    /// What the present ten seconds have come to.
    private var sum = Sample()
    private var sumConnects: UInt64 = 0
    private var sumConnectMicroseconds: UInt64 = 0

    /// Counts from `reading` on.
    init(from reading: CounterReading) { last = reading }

    /// A second is over. Nothing is allocated, whatever comes of it.
    mutating func add(
        _ reading: CounterReading, current: Int, state: Sample.State, second: UInt64
    ) {
        let sample = reading.sample(since: last, current: current, state: state)
        let connects = reading.connects &- last.connects
        last = reading
        // Behind a gap the ten seconds that were begun are over as well.
        if second / 10 != seconds.lastStep / 10, seconds.count > 0 {
            closeTen(step: seconds.lastStep / 10)
        }
        seconds.append(sample, step: second)
        gather(sample, connects)
    }

    private mutating func gather(_ sample: Sample, _ connects: UInt64) {
        sum.inBytes += sample.inBytes
        sum.outBytes += sample.outBytes
        sum.sessions = UInt32(clamping: UInt64(sum.sessions) + UInt64(sample.sessions))
        sum.failed = UInt16(clamping: UInt64(sum.failed) + UInt64(sample.failed))
        sum.current = max(sum.current, sample.current)
        sum.state = sample.state
        guard sample.connectMicroseconds != Sample.noConnect else { return }
        sumConnects += connects
        sumConnectMicroseconds += connects * UInt64(sample.connectMicroseconds)
    }

    private mutating func closeTen(step: UInt64) {
        if sumConnects > 0 {
            sum.connectMicroseconds = UInt32(clamping: sumConnectMicroseconds / sumConnects)
        }
        tenSeconds.append(sum, step: step)
        sum = Sample()
        sumConnects = 0
        sumConnectMicroseconds = 0
    }
}
