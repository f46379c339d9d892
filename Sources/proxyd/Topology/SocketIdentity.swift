internal import Shared

extension ListenerConfiguration {
    /// Whether the socket that was opened for the one will do for the other.
    func isSameSocket(as other: ListenerConfiguration) -> Bool {
        endpoint == other.endpoint && settings.user == other.user
            && settings.group == other.group
    }
}

extension Endpoint {
    /// Whether one of two different addresses is part of the other.
    func overlaps(_ other: Endpoint) -> Bool {
        guard case .ip(let one, let port) = self, case .ip(let two, port) = other,
            one.isV4 == two.isV4
        else { return false }
        return one != two && [one, two].contains { $0 == .anyV4 || $0 == .anyV6 }
    }

    /// Whether the kernel chooses the port.
    var hasChosenPort: Bool {
        switch self {
        case .ip(_, let port), .name(_, let port): port == 0
        case .unix: false
        }
    }
}
