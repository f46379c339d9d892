import CLinux
import Glibc

/// An end of a session, encrypted or not.
protocol TestEnd: AnyObject {
    var number: CInt { get }
    func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int
    func receiveSome() -> TestSocket.Received
    func receive(_ count: Int) throws -> [UInt8]
    func receiveToEnd() throws -> [UInt8]
    /// All that there is to an end, TLS's and the socket's.
    func sayEnd() throws
}

extension TestEnd {
    func send(all bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            rest = rest.dropFirst(try sendSome(rest))
            if !rest.isEmpty, Wait.poll(number, POLLOUT) == nil { throw Missing("room to send") }
        }
    }
}

extension TestSocket: TestEnd {
    func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int { try sendSome(bytes, flags: 0) }
    func receiveSome() -> Received { receiveSome(65_536) }
    func sayEnd() { endWrites() }
}

extension TestTLS: TestEnd {
    var number: CInt { socket.number }
    func receiveSome() -> TestSocket.Received { receiveSome(65_536) }

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

        var isDone: Bool { rest.isEmpty && received.count >= expected }

        mutating func step() throws {
            if !rest.isEmpty { rest = rest.dropFirst(try end.sendSome(rest)) }
            // What TLS holds already no event tells of.
            while true {
                switch end.receiveSome() {
                case .bytes(let bytes): received += bytes
                case .nothing: return
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
                let events = half.rest.isEmpty ? POLLIN : POLLIN | POLLOUT
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
