import Foundation
import Shared
import Synchronization

/// Clients of echo channels that send streams of `Noise` and look at every byte that comes back, until they
/// are told to end: half of them in one long session, the others in one session after the other.
final class EchoTraffic: Sendable {
    private let isOver = Atomic(false)
    private let exchanged = Atomic(0)
    private let begun = Atomic(0)
    private let failure = Mutex<(any Error)?>(nil)
    private let group = DispatchGroup()

    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    /// Blocks sent and received whole, of all clients together.
    var exchangedCount: Int { exchanged.load(ordering: .relaxed) }
    /// Sessions begun.
    var sessionCount: Int { begun.load(ordering: .relaxed) }

    init(_ clientCount: Int, to endpoint: Endpoint, block: Int = 4096) {
        for index in 0..<clientCount {
            group.enter()
            let thread = Thread { [self] in
                defer { group.leave() }
                do {
                    try run(index, endpoint, block)
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                    isOver.store(true, ordering: .relaxed)
                }
            }
            thread.stackSize = 512 * 1024
            thread.start()
        }
        Leftovers.add { [self] in isOver.store(true, ordering: .relaxed) }
    }

    private func run(_ index: Int, _ endpoint: Endpoint, _ block: Int) throws {
        let isLong = index.isMultiple(of: 2)
        var offset = 0
        repeat {
            let socket = try Socket.connected(to: endpoint)
            begun.add(1, ordering: .relaxed)
            repeat {
                try Self.exchange(over: socket, index, offset, block)
                offset += block
                exchanged.add(1, ordering: .relaxed)
            } while isLong && !isOver.load(ordering: .relaxed)
            socket.shutDownWrites()
            guard try socket.receiveAll() == ([], .endOfStream) else {
                throw Wrong(description: "client \(index): something came behind the last byte")
            }
            socket.close()
        } while !isOver.load(ordering: .relaxed)
    }

    private static func exchange(
        over socket: Socket, _ index: Int, _ offset: Int, _ count: Int
    ) throws {
        let bytes = Array(Noise.bytes(of: index, from: offset, count: count))
        try socket.send(bytes)
        guard try socket.receive(exactly: count) == bytes else {
            throw Wrong(description: "client \(index): another echo than what was sent")
        }
    }

    /// Waits until so many blocks more have gone there and back: what is on its way now was among them.
    func goOn(for blocks: Int = 20) throws {
        let goal = exchangedCount + blocks
        try eventually("traffic goes on") {
            if let error = failure.withLock({ $0 }) { throw error }
            return exchangedCount >= goal
        }
    }

    /// Ends all clients in good order.
    ///
    /// - Throws: what went wrong with any of them.
    func end() throws {
        isOver.store(true, ordering: .relaxed)
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
