internal import Glibc
internal import Shared

/// Tries what sockets are asked to do, where that is new: an option that this machine lacks is a mistake
/// of the change, not of every client to come.
struct SocketOptionCheck {
    private let old: Configuration

    /// `old` is what runs.
    init(_ old: Configuration) { self.old = old }

    func check(_ service: ServiceConfiguration) throws(StartError) {
        let before = old.services.first { $0.name == service.name }
        for listener in service.listeners {
            let isOwnedAnew = before?.listeners.contains {
                $0.name == listener.name && $0.endpoint == listener.endpoint
                    && !$0.isSameSocket(as: listener)
            }
            if isOwnedAnew == true {
                throw StartError(
                    code: .configuration,
                    message:
                        "listener \(service.name)/\(listener.name): an open socket keeps its user "
                        + "and group; restart the daemon, or give the listener another path")
            }
            let present = before?.listeners.first {
                $0.name == listener.name && $0.isSameSocket(as: listener)
            }
            guard let present, present.socket != listener.socket else { continue }
            try listener.validateOptions(after: present, of: service.name)
        }
        let known = before?.groups.flatMap(\.channels) ?? []
        for group in service.groups {
            for channel in group.channels {
                let isKnown = known.contains {
                    $0.source == channel.source && $0.socket == channel.socket
                }
                guard !isKnown, let outbound = OutboundOptions(channel) else { continue }
                do throws(SystemError) {
                    try outbound.validateOptions()
                } catch {
                    let path = "\(service.name)/\(group.name)/\(channel.name)"
                    throw StartError(option: error, of: "channel \(path)")
                }
            }
        }
    }
}

extension ListenerConfiguration {
    /// Whether an open socket can take these options instead of `present`'s.
    fileprivate func validateOptions(
        after present: ListenerConfiguration, of service: String
    ) throws(StartError) {
        let options = settings.socket ?? SocketOptions()
        guard options.isMore(than: present.socket ?? SocketOptions()) else {
            throw StartError(
                code: .configuration,
                message:
                    "listener \(service)/\(name): an open socket cannot lose options of “socket”, "
                    + "nor change mptcp or interface; restart the daemon, or give the listener another address"
            )
        }
        do throws(SystemError) {
            let isV6 = if case .ip(.v6, _) = endpoint { true } else { false }
            let family = isV6 ? AF_INET6 : AF_INET
            let descriptor = try options.open(family: family)
            try options.set(on: descriptor, family: family)
            try options.setListening(on: descriptor)
        } catch {
            throw StartError(option: error, of: "listener \(service)/\(name)")
        }
    }
}

extension SocketOptions {
    /// Whether every option of the other is here, too, with whatever value.
    fileprivate func isMore(than other: SocketOptions) -> Bool {
        func keeps<Value>(_ key: KeyPath<SocketOptions, Value?>) -> Bool {
            other[keyPath: key] == nil || self[keyPath: key] != nil
        }
        return mptcp == other.mptcp && interface == other.interface
            && (fastOpen || !other.fastOpen) && keeps(\.mark) && keeps(\.dscp)
            && keeps(\.congestion) && keeps(\.deferAccept) && keeps(\.keepAliveIdle)
            && keeps(\.keepAliveInterval) && keeps(\.keepAliveCount)
    }
}
