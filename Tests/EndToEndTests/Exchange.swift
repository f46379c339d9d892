import CLinux
import Foundation
import Shared

/// One end of a transfer: sends its stream while it receives and compares the other's.
///
/// The client's stream begins with eight bytes that say which transfer this is, for the channel to know.
struct Exchange {
    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    /// How much goes each way.
    struct Plan: Sendable {
        /// Which streams of `Noise`.
        var id: Int
        var up: Int
        var down: Int
    }

    static let headerSize = 8

    let socket: Socket
    private let isClient: Bool
    /// nil at a channel until the header has come.
    private(set) var plan: Plan?
    private var header: [UInt8] = []
    private var sent = 0
    private var received = 0
    private(set) var hasSentAll = false
    private(set) var hasReceivedAll = false

    var isDone: Bool { hasSentAll && hasReceivedAll }

    init(client socket: Socket, plan: Plan) throws {
        self.socket = socket
        self.plan = plan
        isClient = true
        try socket.send(
            (0..<Self.headerSize).map { UInt8(truncatingIfNeeded: plan.id >> ($0 * 8)) })
        socket.setNonBlocking()
    }

    init(channel socket: Socket) {
        self.socket = socket
        isClient = false
        socket.setNonBlocking()
    }

    /// What poll(2) shall wait for.
    var events: Int16 {
        let reads = hasReceivedAll ? 0 : CInt(POLLIN)
        let writes = hasSentAll || plan == nil ? 0 : CInt(POLLOUT)
        return Int16(reads | writes)
    }

    // MARK: Sending

    mutating func send() throws {
        guard let plan, !hasSentAll else { return }
        let (stream, total) = isClient ? (plan.id * 2, plan.up) : (plan.id * 2 + 1, plan.down)
        if sent < total {
            let bytes = Noise.bytes(of: stream, from: sent, count: total - sent)
            do {
                sent += try socket.send(some: bytes)
            } catch let error as SocketError where error.number == EAGAIN {
                return
            }
        }
        if sent == total {
            hasSentAll = true
            socket.shutDownWrites()
        }
    }

    // MARK: Receiving

    mutating func receive(into scratch: UnsafeMutableRawBufferPointer, plans: [Plan]) throws {
        let count = unsafe recv(socket.number, scratch.baseAddress, scratch.count, 0)
        guard count >= 0 else {
            guard errno == EAGAIN else { throw SocketError(errno, "receive in \(self.name)") }
            return
        }
        guard count > 0 else { return try finish() }
        var bytes = unsafe UnsafeRawBufferPointer(rebasing: scratch[..<count])
        if plan == nil { unsafe bytes = try readHeader(bytes, plans) }
        guard let plan else { return }
        let stream = isClient ? plan.id * 2 + 1 : plan.id * 2
        if let place = unsafe Noise.firstDifference(of: bytes, from: stream, at: received) {
            throw Wrong(description: "\(name): byte \(place) is not what was sent")
        }
        received += bytes.count
    }

    private mutating func readHeader(
        _ bytes: UnsafeRawBufferPointer, _ plans: [Plan]
    ) throws -> UnsafeRawBufferPointer {
        let missing = Self.headerSize - header.count
        unsafe header += bytes.prefix(missing)
        if header.count == Self.headerSize {
            let id = header.reversed().reduce(0) { $0 << 8 | Int($1) }
            guard plans.indices.contains(id) else {
                throw Wrong(description: "a channel was sent a header that nobody wrote: \(header)")
            }
            plan = plans[id]
        }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes.dropFirst(missing))
    }

    private mutating func finish() throws {
        guard let plan else { throw Wrong(description: "a channel saw the end before the header") }
        let expected = isClient ? plan.down : plan.up
        guard received == expected else {
            throw Wrong(description: "\(name): the end came after \(received) of \(expected) bytes")
        }
        hasReceivedAll = true
    }

    private var name: String {
        "transfer \(plan.map { String($0.id) } ?? "?") at the \(isClient ? "client" : "channel")"
    }
}

/// Runs transfers to their end on one thread: both ends of each, and the channels' listening sockets.
struct TransferRun {
    let plans: [Exchange.Plan]
    let channels: [Socket]
    private var exchanges: [Exchange] = []
    private var doneCount = 0

    init(plans: [Exchange.Plan], channels: [Socket]) {
        self.plans = plans
        self.channels = channels
        for channel in channels { channel.setNonBlocking() }
    }

    /// Each transfer takes one of the listeners in turn.
    mutating func run(through listeners: [Endpoint], within duration: Duration) throws {
        for (index, plan) in plans.enumerated() {
            let socket = try Socket.connected(to: listeners[index % listeners.count])
            exchanges.append(try Exchange(client: socket, plan: plan))
        }
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Noise.longestSlice, alignment: 64)
        defer { unsafe scratch.deallocate() }
        let deadline = Deadline.after(duration)
        while doneCount < plans.count * 2 {
            guard !deadline.isOver else {
                throw TooLate(
                    what: "\(plans.count * 2 - doneCount) ends of \(plans.count) transfers")
            }
            try unsafe turn(scratch, deadline)
        }
    }

    private mutating func turn(_ scratch: UnsafeMutableRawBufferPointer, _ deadline: Deadline)
        throws
    {
        var polled = channels.map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
        polled += exchanges.map {
            pollfd(fd: $0.isDone ? -1 : $0.socket.number, events: $0.events, revents: 0)
        }
        unsafe poll(&polled, nfds_t(polled.count), deadline.milliseconds)
        for (index, entry) in polled.enumerated() where entry.revents != 0 {
            if index < channels.count {
                try accept(from: channels[index])
            } else {
                try unsafe advance(index - channels.count, CInt(entry.revents), scratch)
            }
        }
    }

    private mutating func accept(from channel: Socket) throws {
        while true {
            do {
                exchanges.append(Exchange(channel: try channel.accept()))
            } catch let error as SocketError where error.number == EAGAIN {
                return
            }
        }
    }

    private mutating func advance(
        _ index: Int, _ events: CInt, _ scratch: UnsafeMutableRawBufferPointer
    ) throws {
        if events & CInt(POLLIN | POLLHUP | POLLERR) != 0, !exchanges[index].hasReceivedAll {
            try unsafe exchanges[index].receive(into: scratch, plans: plans)
        }
        if events & CInt(POLLOUT) != 0 { try exchanges[index].send() }
        if exchanges[index].isDone {
            doneCount += 1
            exchanges[index].socket.close()
        }
    }
}
