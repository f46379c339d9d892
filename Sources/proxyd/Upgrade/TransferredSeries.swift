internal import Shared

extension SampleRing {
    /// In bytes: an unseen one has as many as any other.
    private static let sampleSize = 23

    /// The step of the first, then the samples.
    var handed: [UInt8] {
        let samples = samples(from: 0)
        var bytes: [UInt8] = []
        guard let first = samples.first else { return bytes }
        bytes.reserveCapacity(8 + samples.count * Self.sampleSize)
        bytes.append(little: first.step)
        for (_, sample) in samples {
            bytes.append(little: sample.inBytes.bitPattern)
            bytes.append(little: sample.outBytes.bitPattern)
            bytes.append(little: sample.current)
            bytes.append(little: sample.sessions)
            bytes.append(little: sample.connectMicroseconds)
            bytes.append(little: sample.failed)
            bytes.append(sample.state.rawValue)
        }
        return bytes
    }

    /// What another process has seen, and behind it what was seen here.
    mutating func precede(with bytes: ArraySlice<UInt8>) {
        guard bytes.count > 8 else { return }
        var ring = SampleRing(capacity: capacity)
        var step: UInt64 = bytes.little(at: bytes.startIndex)
        // A number of steps that no clock has reached would be counted through.
        guard step < UInt64(UInt32.max) else { return }
        let own = samples(from: 0)
        var place = bytes.startIndex + 8
        while bytes.endIndex - place >= Self.sampleSize {
            ring.append(Self.sample(in: bytes, at: place), step: step)
            step += 1
            place += Self.sampleSize
        }
        for (step, sample) in own { ring.append(sample, step: step) }
        self = ring
    }

    private static func sample(in bytes: ArraySlice<UInt8>, at place: Int) -> Sample {
        Sample(
            inBytes: Float(bitPattern: bytes.little(at: place)),
            outBytes: Float(bitPattern: bytes.little(at: place + 4)),
            current: bytes.little(at: place + 8), sessions: bytes.little(at: place + 12),
            connectMicroseconds: bytes.little(at: place + 16),
            failed: bytes.little(at: place + 20),
            state: Sample.State(rawValue: bytes[place + 22]) ?? .unseen)
    }
}

/// The past of one channel or service on its way.
struct TransferredSeries {
    private enum Tag: UInt16, HandoverTag {
        case serial = 1
        case seconds, tenSeconds
    }

    var serial: UInt64
    var seconds: ArraySlice<UInt8>
    var tenSeconds: ArraySlice<UInt8>

    init(_ series: SampleSeries, of serial: UInt64) {
        self.serial = serial
        seconds = series.seconds.handed[...]
        tenSeconds = series.tenSeconds.handed[...]
    }

    init(_ record: HandoverRecord) {
        serial = record.number(Tag.serial)
        seconds = record.bytes(Tag.seconds) ?? []
        tenSeconds = record.bytes(Tag.tenSeconds) ?? []
    }

    var fields: HandoverFields {
        var fields = HandoverFields()
        fields.put(Tag.serial, serial)
        fields.put(Tag.seconds, seconds)
        fields.put(Tag.tenSeconds, tenSeconds)
        return fields
    }
}
