/// Collects bytes and gives back whole lines, never more than `limit` bytes of one.
package struct LineReader: Sendable {
    package enum Event: Equatable, Sendable {
        /// A line without its LF, and without a CR before it.
        case line([UInt8])
        /// A line grew past the limit; it is dropped up to its LF, then reading goes on.
        case tooLong
    }

    package let limit: Int
    private var buffer: [UInt8] = []
    /// Where the unread part of `buffer` begins, and up to where it was searched for a LF.
    private var start = 0
    private var searched = 0
    private var isSkipping = false
    /// Where the lines end that `takeLines` has found and not yet taken.
    private var ends: [Int] = []

    package init(limit: Int = Request.longestLine) { self.limit = limit }

    /// Bytes held that do not make a whole line yet; at most `limit` plus what one `append` brought.
    package var heldCount: Int { buffer.count - start }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        if start > 0, start == buffer.count || start > limit {
            buffer.removeFirst(start)
            searched -= start
            for index in ends.indices { ends[index] -= start }
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole line, or nil until more bytes come.
    package mutating func next() -> Event? {
        ends.removeAll()
        while true {
            guard let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
                searched = buffer.count
                guard isSkipping || heldCount > limit else { return nil }
                let isNew = !isSkipping
                isSkipping = true
                buffer.removeAll(keepingCapacity: false)
                (start, searched) = (0, 0)
                return isNew ? .tooLong : nil
            }
            var line = buffer[start..<end]
            start = end + 1
            searched = start
            if isSkipping {
                isSkipping = false
                continue
            }
            guard line.count <= limit else { return .tooLong }
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            return .line(Array(line))
        }
    }

    /// Takes `count` whole lines at once, or none while they are not all there. For replies, whose
    /// first line says how many follow.
    package mutating func takeLines(_ count: Int) -> [[UInt8]]? {
        // What was searched is not searched again: a reply of megabytes comes in many small pieces.
        var from = ends.last.map { $0 + 1 } ?? start
        while ends.count < count {
            guard let end = buffer[from...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            ends.append(end)
            from = end + 1
        }
        var lines: [[UInt8]] = []
        for end in ends.prefix(count) {
            lines.append(Array(buffer[start..<end]))
            start = end + 1
        }
        ends.removeAll()
        searched = start
        return lines
    }
}
