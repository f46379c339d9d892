import Foundation
import Shared
import Synchronization

/// Where sessions end up in a test: a listening socket, and what is done with each connection.
final class LocalChannel: Sendable {
    let endpoint: Endpoint
    private let listener: Socket
    private let accepted = Atomic(0)

    /// Serves every connection on a thread of its own until it returns, then closes it.
    convenience init(
        on endpoint: Endpoint = Socket.anyPort, serve: @escaping @Sendable (Socket) throws -> Void
    ) throws {
        try self.init(on: endpoint) { connection in
            let thread = Thread {
                try? serve(connection)
                connection.close()
            }
            thread.stackSize = 512 * 1024
            thread.start()
        }
    }

    private init(on endpoint: Endpoint, take: @escaping @Sendable (Socket) -> Void) throws {
        listener = try Socket.listening(on: endpoint)
        self.endpoint = try listener.endpoint
        Leftovers.add { [listener] in listener.shutDown() }
        Thread { [self] in
            while let connection = try? Self.accept(listener) {
                accepted.add(1, ordering: .relaxed)
                take(connection)
            }
        }.start()
    }

    /// The listener's patience ends too; a quiet test is no reason to stop.
    private static func accept(_ listener: Socket) throws -> Socket {
        while true {
            do {
                return try listener.accept()
            } catch let error as SocketError where error.isTimeout {
                continue
            }
        }
    }

    /// Connections that have come so far.
    var count: Int { accepted.load(ordering: .relaxed) }

    func stop() { listener.shutDown() }
}

extension LocalChannel {
    /// Sends back what comes; ends when the other side has ended.
    static func echo(on endpoint: Endpoint = Socket.anyPort) throws -> LocalChannel {
        try LocalChannel(on: endpoint) { connection in
            while true {
                let bytes = try connection.receive()
                guard !bytes.isEmpty else { return }
                try connection.send(bytes)
            }
        }
    }

    /// Says who it is, then waits for the other side to end.
    static func letter(_ letter: String, on endpoint: Endpoint = Socket.anyPort) throws
        -> LocalChannel
    {
        try LocalChannel(on: endpoint) { connection in
            try connection.send(letter)
            while try !connection.receive().isEmpty {}
        }
    }

    /// Says who it is and ends its writes; closes when the other side has ended. A channel that closes with
    /// bytes of the client unread resets, and that may overtake the letter.
    static func farewell(_ letter: String) throws -> LocalChannel {
        try LocalChannel { connection in
            try connection.send(letter)
            connection.shutDownWrites()
            while try !connection.receive().isEmpty {}
        }
    }

    /// Accepts and resets at once.
    static func resetting() throws -> LocalChannel { try LocalChannel { $0.reset() } }

    /// Hands each connection to the test.
    static func handingOver(on endpoint: Endpoint = Socket.anyPort) throws -> (
        LocalChannel, Handover
    ) {
        let handover = Handover()
        return (try LocalChannel(on: endpoint, take: { handover.put($0) }), handover)
    }
}

/// Connections on their way from a channel's thread to the test.
final class Handover: Sendable {
    private let waiting = Mutex<[Socket]>([])
    private let arrived = DispatchSemaphore(value: 0)

    fileprivate func put(_ connection: Socket) {
        waiting.withLock { $0.append(connection) }
        arrived.signal()
    }

    /// The next one, in the order in which they came.
    func next(within duration: Duration = Deadline.patience) throws -> Socket {
        let deadline = DispatchTime.now() + .nanoseconds(Int(duration / .nanoseconds(1)))
        guard arrived.wait(timeout: deadline) == .success else {
            throw TooLate(what: "a connection reaches the channel")
        }
        return waiting.withLock { $0.removeFirst() }
    }
}
