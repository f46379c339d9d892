internal import Shared

/// Gathers what was not carried over, or means something else.
struct ImportRemarks {
    private(set) var all: [ForeignRemark] = []
    private var known: Set<ForeignRemark> = []

    mutating func add(_ remark: ForeignRemark) {
        if known.insert(remark).inserted { all.append(remark) }
    }

    /// A line that has no effect here, and why.
    mutating func drop(_ line: String, at place: String, _ reason: String = "not carried over") {
        add(ForeignRemark(.ignored, at: place, "\(line.prefix(120)): \(reason)"))
    }

    mutating func differ(at place: String, _ text: String) {
        add(ForeignRemark(.differs, at: place, text))
    }
}

/// Names of foreign things as ours: letters, digits, `.`, `_` and `-`, each once.
struct ImportNames {
    private var taken: Set<String> = []
    /// The number that the next thing of a name gets which is taken.
    private var next: [String: Int] = [:]

    mutating func name(_ wanted: String) -> String {
        let plain = wanted.utf8.prefix(56).map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
            return isPlain ? byte : UInt8(ascii: "-")
        }
        let base = plain.isEmpty ? "0" : String(decoding: plain, as: UTF8.self)
        var name = base
        while !taken.insert(name).inserted {
            let number = next[base, default: 2]
            next[base] = number + 1
            name = "\(base)-\(number)"
        }
        return name
    }
}

extension Duration {
    /// Within what a key of ours takes; more becomes the most.
    func bounded(_ range: ClosedRange<Duration>) -> Duration {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
