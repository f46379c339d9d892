import CLinux
import Foundation
import Shared

/// Many clients that all connect at once; each says a word as soon as it may, and leaves when it has heard
/// the word back.
struct Burst {
    private(set) var served = 0
    /// Reset, refused, or ended without an answer.
    private(set) var turnedAway = 0

    private let endpoint: Endpoint
    private let poller: Socket
    private var clients: [Int32: Socket] = [:]
    private var hasSpoken: Set<Int32> = []

    /// The most clients that this process has descriptors for, up to `wanted`.
    static func affordable(_ wanted: Int) -> Int {
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return min(wanted, Int(limit.rlim_cur) - 2000)
    }

    init(to endpoint: Endpoint) throws {
        self.endpoint = endpoint
        poller = try Socket(adopting: epoll_create1(0))
    }

    mutating func run(_ count: Int, within duration: Duration) throws {
        let deadline = Deadline.after(duration)
        for _ in 0..<count {
            let client = try Socket.unconnected(for: endpoint)
            client.setNonBlocking()
            try client.beginConnecting(to: endpoint)
            clients[client.number] = client
            watch(client, EPOLL_CTL_ADD, for: EPOLLOUT.rawValue | EPOLLIN.rawValue)
        }
        while !clients.isEmpty {
            guard !deadline.isOver else {
                throw TooLate(
                    what:
                        "\(clients.count) of \(count) clients, \(hasSpoken.count) of them connected"
                )
            }
            try turn(deadline)
        }
    }

    private func watch(_ client: Socket, _ operation: CInt, for events: UInt32) {
        var event = unsafe epoll_event(
            events: events, data: epoll_data_t(fd: client.number))
        unsafe epoll_ctl(poller.number, operation, client.number, &event)
    }

    private mutating func turn(_ deadline: Deadline) throws {
        var events = unsafe [epoll_event](repeating: epoll_event(), count: 512)
        let count = unsafe epoll_wait(poller.number, &events, 512, deadline.milliseconds)
        let ready = unsafe events.prefix(Int(max(0, count))).map { unsafe $0.data.fd }
        for number in ready {
            guard let client = clients[number] else { continue }
            do {
                try advance(client)
            } catch let error as SocketError where error.isReset || error.isRefused {
                turnedAway += 1
                forget(client)
            }
        }
    }

    private mutating func advance(_ client: Socket) throws {
        guard hasSpoken.contains(client.number) else {
            _ = try client.send(some: [0x78])
            hasSpoken.insert(client.number)
            watch(client, EPOLL_CTL_MOD, for: EPOLLIN.rawValue)
            return
        }
        if try client.receive(atMost: 1).isEmpty { turnedAway += 1 } else { served += 1 }
        forget(client)
    }

    private mutating func forget(_ client: Socket) {
        clients[client.number] = nil
        hasSpoken.remove(client.number)
        client.close()
    }
}
