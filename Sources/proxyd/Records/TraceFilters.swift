internal import Shared

/// Which sessions are debugged, as workers know it.
struct TraceFilters: Equatable, Sendable {
    var sessions: [UInt64] = []
    var networks: [Network] = []

    var isEmpty: Bool { sessions.isEmpty && networks.isEmpty }

    func isMeant(_ id: UInt64, _ client: Endpoint) -> Bool {
        if sessions.contains(id) { return true }
        guard case .ip(let address, _) = client else { return false }
        return networks.contains { $0.contains(address) }
    }
}
