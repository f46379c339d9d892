internal import Shared

/// A client on its way to the worker that will serve it.
struct AcceptedClient: Sendable {
    /// Owned by the holder of this value; a session that is made from it takes it over.
    let descriptor: CInt
    let address: Endpoint
    let service: Service
    /// What is taken for it already.
    var holdings: SessionHoldings

    var listener: Listener { holdings.listener }
}

/// One worker's watch of a listening socket that all workers share.
///
/// The kernel wakes one worker per connection (EPOLLEXCLUSIVE, epoll_ctl(2)).
final class Acceptor {
    let socket: ListeningSocket
    let token: Token
    private var batch = 1
    /// Batches in a row that found as many clients as they may.
    private var fullBatches = 0
    /// Not watched: descriptors or slots have run out.
    private(set) var isResting = true

    /// How many clients are accepted before other events get their turn.
    private static let largestBatch = 64
    /// How many of them make the batch grow.
    private static let fullBatchesToGrow = 16

    init(socket: ListeningSocket, slot: Int, generation: UInt32) {
        self.socket = socket
        token = Token(.listener, slot: slot, generation: generation)
    }

    var listener: Listener { socket.listener }

    func watch(with poller: borrowing Poller) throws(SystemError) {
        try poller.add(socket.number, token, [.readable, .exclusive])
        isResting = false
    }

    func unwatch(with poller: borrowing Poller) {
        guard !isResting else { return }
        poller.remove(socket.number)
        isResting = true
    }

    /// Accepts the clients that wait, up to a batch: as many as usually come together, so that the call that finds
    /// none is rarely made. The kernel makes a socket for it before it looks, and it takes ten times as long as others.
    /// Clients that are left waiting are the next turn's event.
    func acceptAll(on worker: Worker) {
        for _ in 0..<batch {
            guard var holdings = SessionHoldings.acquire(for: listener, in: worker.share) else {
                return worker.rest(self)
            }
            do {
                guard let (descriptor, address) = try Socket.accept(socket.number) else {
                    (batch, fullBatches) = (max(1, batch / 2), 0)
                    return holdings.release(on: worker, since: worker.now)
                }
                worker.place(
                    AcceptedClient(
                        descriptor: descriptor, address: address, service: socket.service,
                        holdings: holdings))
            } catch {
                holdings.release(on: worker, since: worker.now)
                worker.reportShortage(error)
                return worker.rest(self)
            }
        }
        fullBatches += 1
        guard fullBatches == Self.fullBatchesToGrow else { return }
        (batch, fullBatches) = (min(Self.largestBatch, batch * 2), 0)
    }
}
