import Testing

@testable import Shared

@Suite("Bytes from the control socket")
struct MutationTests {
    /// What mutations begin with, and take pieces from.
    static let seeds = [
        "show sessions where idle_ms > 30s and (client ~ \"10.0.\" or not id = 7) sort -id\n",
        "disable mail/0/2 cut if-gen=17\r\n", "watch 0.5 show \"cha\\\"nn\\\\els\\t\"\n",
        "OK 2 generation=1 name=\"a b\"\nid\tclient\n1\t\\t\\n\\\\\nERR not-found no such\n",
        "id<=1 and in_bytes>=1.5M or idle_ms!=2h\n", "((((not not id = 1))))\n",
        "unix:/run/x [2001:db8::1]:143 10.0.0.1:65536 *:0\n", "OK 9999999999999999999\nERR \n",
    ].map { Array($0.utf8) }

    @Test("fifty thousand mutations of them break nothing", arguments: 1...10)
    func mutations(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for _ in 0..<5000 {
            let bytes = Self.mutation(&random)
            if let violation = WireChecks.violation(by: bytes) {
                Issue.record("\(violation): \(bytes)")
                return
            }
        }
    }

    /// A seed, with some bytes changed, left out, doubled, or taken from another.
    private static func mutation(_ random: inout SplitMix) -> [UInt8] {
        var bytes = seeds[random.next(below: seeds.count)]
        for _ in 0...random.next(below: 6) {
            let place = random.next(below: bytes.count + 1)
            let length = min(random.next(below: 12), bytes.count - place)
            let range = place..<(place + length)
            switch random.next(below: 5) {
            case 0: bytes.insert(UInt8(random.next(below: 256)), at: place)
            case 1: bytes.removeSubrange(range)
            case 2: bytes.insert(contentsOf: Array(bytes[range]), at: place)
            case 3:
                let other = seeds[random.next(below: seeds.count)]
                bytes.insert(
                    contentsOf: other.dropFirst(random.next(below: other.count)), at: place)
            default:
                if length > 0 { bytes[place] ^= 1 << UInt8(random.next(below: 8)) }
            }
        }
        return bytes
    }
}
