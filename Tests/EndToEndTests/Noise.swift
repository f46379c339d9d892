import Foundation

/// Bytes that look random, are told apart by where they stand and whose they are, and cost nothing to make:
/// a stream is a walk around one table, each stream from a place of its own.
///
/// Comparing them byte for byte finds a byte lost, doubled, changed, out of order or of another stream,
/// at once and where it happened; a checksum would find it at the end.
enum Noise {
    /// A prime, so that no block size of a relay divides it.
    static let period = 4_194_301
    /// A stretch that can be taken from any place of the table at once.
    static let longestSlice = 256 * 1024

    private static let table: [UInt8] = {
        var generator = SplitMix64(seed: 0x9E37)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(period + longestSlice)
        while bytes.count < period {
            var word = generator.next()
            for _ in 0..<8 {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        bytes.removeLast(bytes.count - period)
        return bytes + bytes[..<longestSlice]
    }()

    private static func place(_ stream: Int, _ offset: Int) -> Int {
        (stream &* 104_729 &+ offset) % period
    }

    /// The stream's bytes from `offset`, at most `longestSlice`.
    static func bytes(of stream: Int, from offset: Int, count: Int) -> ArraySlice<UInt8> {
        let start = place(stream, offset)
        return table[start..<start + min(count, longestSlice)]
    }

    /// Where `received` first differs from the stream's bytes from `offset`; nil when it does not.
    static func firstDifference(
        of received: UnsafeRawBufferPointer, from stream: Int, at offset: Int
    ) -> Int? {
        var done = 0
        while done < received.count {
            let expected = bytes(of: stream, from: offset + done, count: received.count - done)
            let isEqual = unsafe expected.withUnsafeBytes { expected in
                guard let left = expected.baseAddress, let right = received.baseAddress else {
                    return true
                }
                return unsafe memcmp(left, right + done, expected.count) == 0
            }
            guard isEqual else {
                let same = unsafe zip(expected, received.dropFirst(done)).prefix { $0 == $1 }
                return offset + done + same.count
            }
            done += expected.count
        }
        return nil
    }
}

/// Steele, Lea and Flood's generator: small, and the same on every machine.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
