internal import Glibc

/// The connection between the old process and the new one.
final class HandoverConnection {
    private let socket: PacketSocket

    /// What waits for the other side gives up when it has done nothing for so long.
    static let patience = Duration.seconds(2)

    init(_ socket: consuming PacketSocket) { self.socket = socket }

    var number: CInt { socket.descriptor.number }

    // MARK: Sending

    /// Waits for the other side if need be, for as long as it goes on reading.
    func send(_ frame: HandoverFrame) throws(HandoverError) {
        let packet = frame.packet
        let due = Instant.now.advanced(by: Self.patience)
        while true {
            switch socket.send(packet, descriptors: frame.descriptors) {
            case .moved, .endOfStream: return
            case .wouldBlock:
                guard Instant.now < due else { throw .silent }
                socket.wait(toWrite: true, until: min(due, Instant.now.advanced(by: Self.nap)))
            case .failed(let number):
                throw number == EPIPE || number == ECONNRESET
                    ? .closed : .system(SystemError("sendmsg", number))
            }
        }
    }

    func send(
        _ kind: HandoverFrame.Kind, _ fields: HandoverFields = HandoverFields(),
        descriptors: [CInt] = []
    ) throws(HandoverError) {
        try send(HandoverFrame(kind: kind, fields: fields, descriptors: descriptors))
    }

    /// There may be room for the packet, but not yet for its descriptors.
    private static let nap = Duration.milliseconds(20)

    // MARK: Receiving

    /// What has come; nil when nothing has.
    func receiveIfThere() throws(HandoverError) -> HandoverArrival? {
        switch socket.receive() {
        case .packet(let packet, let descriptors):
            do throws(HandoverError) {
                return try HandoverArrival(packet: packet, descriptors: descriptors)
            } catch {
                for descriptor in descriptors { _ = FileDescriptor(owning: descriptor) }
                throw error
            }
        case .wouldBlock: return nil
        case .ended: throw .closed
        case .failed(let number):
            throw number == ECONNRESET ? .closed : .system(SystemError("recvmsg", number))
        }
    }

    /// What the other side has said before it went, if it was a refusal: a packet of ours that was on its way
    /// is told to have failed before that is read.
    func lastRefusal() -> HandoverRecord? {
        var misses = 0
        // The first look may show nothing but the reset.
        while misses < 2 {
            guard let arrival = try? receiveIfThere() else {
                misses += 1
                continue
            }
            arrival.closeDescriptors()
            if arrival.kind == .refused { return arrival.record }
        }
        return nil
    }

    /// The next packet, waited for until `due`, or for as long as it takes.
    func receive(until due: Instant?) throws(HandoverError) -> HandoverArrival {
        while true {
            if let arrival = try receiveIfThere() { return arrival }
            if let due, due <= .now { throw .silent }
            socket.wait(toWrite: false, until: due ?? Instant.now.advanced(by: .seconds(60)))
        }
    }
}
