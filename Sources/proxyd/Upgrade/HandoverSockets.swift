internal import Shared

/// Listening sockets on their way from one process to the next.
extension InheritedSockets {
    /// The other end of what `handed` has gathered.
    func inherit(_ descriptors: [HandoverDescriptor]) throws(StartError) {
        for handed in descriptors {
            let owner: String
            switch handed.role {
            case .listener: owner = handed.owner
            case .control, .metrics: owner = "\(handed.role)"
            case .spare: owner = ""
            case .pidFile, .notices, .pidPipe, .controlLock: continue
            }
            guard let bound = handed.bound else { continue }
            guard let number = handed.number else {
                addClosed(owner, asked: handed.asked ?? bound, bound: bound)
                continue
            }
            do throws(SystemError) {
                let socket = try OpenedSocket(adopting: FileDescriptor(owning: number))
                add(
                    Entry(
                        endpoint: bound, name: handed.name, socket: socket,
                        isTaken: handed.isKept, owner: owner, asked: handed.asked,
                        file: handed.file, isKept: handed.isKept))
            } catch {
                throw StartError(
                    code: .system, message: "cannot use the socket of \(bound): \(error)")
            }
        }
    }

    /// Everything that is open, for the process that takes our place.
    func handed(
        _ sockets: [ListeningSocket], of topology: Topology,
        control: (socket: OpenedSocket, path: String)?,
        metrics: (socket: OpenedSocket, asked: Endpoint, bound: Endpoint)?
    ) -> [HandoverDescriptor] {
        // What could not be bound here the other process tries itself.
        let bound = topology.listeners.filter { $0.bindFailure == nil }
        var handed = bound.map { listener in
            let socket = sockets.first { $0.listener === listener }?.socket
            return entry(
                .listener, listener.path, listener.settings.endpoint, listener.endpoint, socket)
        }
        if let control {
            let place = Endpoint.unix(path: control.path)
            handed.append(entry(.control, "", place, place, control.socket))
        }
        if let metrics {
            handed.append(entry(.metrics, "", metrics.asked, metrics.bound, metrics.socket))
        }
        let numbers = Set(handed.compactMap(\.number))
        for spare in entries where !numbers.contains(spare.socket.descriptor.number) {
            handed.append(entry(.spare, "", spare.endpoint, spare.endpoint, spare.socket))
        }
        return handed
    }

    private func entry(
        _ role: HandoverDescriptor.Role, _ owner: String, _ asked: Endpoint, _ bound: Endpoint,
        _ socket: OpenedSocket?
    ) -> HandoverDescriptor {
        var handed = HandoverDescriptor(role)
        (handed.owner, handed.asked, handed.bound) = (owner, asked, bound)
        handed.number = socket?.descriptor.number
        handed.file = socket?.file?.path
        if let kept = entries.first(where: { $0.socket === socket }) {
            (handed.isKept, handed.name) = (true, kept.name)
        }
        return handed
    }
}
