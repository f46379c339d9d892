/// One worker's eye on a listening socket that all workers share.
///
/// The kernel wakes one worker per connection (EPOLLEXCLUSIVE, epoll_ctl(2)).
final class Acceptor {
    let socket: ListeningSocket
    let token: Token
    private var batch = 1
    /// Not watched: descriptors or places have run out.
    private(set) var isResting = true

    /// How many clients are accepted before other events get their turn.
    private static let largestBatch = 64

    init(socket: ListeningSocket, slot: Int) {
        self.socket = socket
        token = Token(.listener, slot: slot)
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

    /// Accepts the clients that wait, up to a batch: as many as usually come together, so that the
    /// call that only says "nobody" is rarely made.
    func acceptAll(on worker: Worker) {
        for _ in 0..<batch {
            guard worker.share.admission.admit() else { return worker.rest(self) }
            guard listener.admit() else {
                worker.share.admission.leave()
                return worker.rest(self)
            }
            do {
                guard let (descriptor, address) = try Socket.accept(socket.number) else {
                    batch = max(1, batch / 2)
                    return giveUpPlace(on: worker)
                }
                worker.place(
                    AcceptedClient(
                        descriptor: descriptor, address: address, listener: listener,
                        service: socket.service))
            } catch {
                giveUpPlace(on: worker)
                worker.reportShortage(error)
                return worker.rest(self)
            }
        }
        batch = min(Self.largestBatch, batch * 2)
    }

    private func giveUpPlace(on worker: Worker) {
        listener.leave()
        worker.share.admission.leave()
    }
}
