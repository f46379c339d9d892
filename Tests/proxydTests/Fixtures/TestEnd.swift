import CLinux
import Glibc

/// An end of a session, encrypted or not.
protocol TestEnd: AnyObject {
    var number: CInt { get }
    func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int
    /// Whether nothing that was sent waits for room any more.
    func flush() throws -> Bool
    func receiveSome(_ most: Int) -> TestSocket.Received
    /// All that there is to an end, TLS's and the socket's.
    func sayEnd() throws
}

extension TestEnd {
    func send(all bytes: [UInt8]) throws {
        var rest = bytes[...]
        while true {
            rest = rest.dropFirst(try sendSome(rest))
            if try flush(), rest.isEmpty { return }
            guard Wait.poll(number, POLLOUT) != nil else { throw Missing("room to send") }
        }
    }

    /// The next bytes, the end or the error, whichever comes.
    func receiveNext(_ most: Int = 65_536) throws -> TestSocket.Received {
        while true {
            let received = receiveSome(most)
            guard received == .nothing else { return received }
            guard Wait.poll(number, POLLIN) != nil else { throw Missing("bytes") }
        }
    }

    /// So many bytes, no more and no less.
    func receive(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let received = try receiveNext(count - bytes.count)
            guard case .bytes(let some) = received else {
                throw Missing("\(received) after \(bytes.count) of \(count) bytes")
            }
            bytes += some
        }
        return bytes
    }

    func receiveText(_ count: Int) throws -> String {
        String(decoding: try receive(count), as: UTF8.self)
    }

    /// Everything up to the orderly end.
    func receiveToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            switch try receiveNext() {
            case .bytes(let some): bytes += some
            case .end: return bytes
            case let other: throw Missing("\(other) after \(bytes.count) bytes")
            }
        }
    }
}

extension TestSocket: TestEnd {
    func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int { try sendSome(bytes, flags: 0) }
    func flush() -> Bool { true }
    func sayEnd() { endWrites() }
}

extension TestTLS: TestEnd {
    var number: CInt { socket.number }

    func sayEnd() throws {
        try endWrites()
        socket.endWrites()
    }
}

/// Both ends of a session send and receive at once; each has its own stream.
struct Duplex {
    private struct Half {
        let end: any TestEnd
        var rest: ArraySlice<UInt8>
        var received: [UInt8] = []
        let expected: Int
        var hasSentAll = false

        var isDone: Bool { hasSentAll && received.count >= expected }

        mutating func step() throws {
            if !rest.isEmpty { rest = rest.dropFirst(try end.sendSome(rest)) }
            hasSentAll = try end.flush() && rest.isEmpty
            // What TLS holds already no event tells of.
            while true {
                switch end.receiveSome(65_536) {
                case .bytes(let bytes): received += bytes
                case .nothing: return
                case .end where received.count >= expected: return
                case let other: throw Missing("\(other) after \(received.count) bytes")
                }
            }
        }
    }

    /// What has arrived at the one and at the other; `after` bytes are on their way already.
    static func run(
        _ left: any TestEnd, _ right: any TestEnd, _ outward: [UInt8], _ inward: [UInt8],
        after: Int = 0
    ) throws -> (left: [UInt8], right: [UInt8]) {
        var halves = [
            Half(end: left, rest: outward[...], expected: inward.count),
            Half(end: right, rest: inward[...], expected: after + outward.count),
        ]
        while !halves.allSatisfy(\.isDone) {
            for index in halves.indices { try halves[index].step() }
            var entries = halves.map { half in
                let events = half.hasSentAll ? POLLIN : POLLIN | POLLOUT
                return pollfd(
                    fd: half.end.number, events: Int16(truncatingIfNeeded: events), revents: 0)
            }
            if halves.allSatisfy(\.isDone) { break }
            let count = unsafe poll(&entries, nfds_t(entries.count), Wait.patience)
            guard count > 0 else { throw Missing("progress") }
        }
        return (halves[0].received, halves[1].received)
    }
}
