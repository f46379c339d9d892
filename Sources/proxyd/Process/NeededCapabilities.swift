/// What the configuration needs of what root may, for as long as the daemon runs.
extension Capabilities {
    /// For a client's own address as source.
    static let useForeignAddresses = Capabilities(rawValue: 1 << 13)
    /// For marks, and for connections that are to be forgotten without a word.
    static let administerNetwork = Capabilities(rawValue: 1 << 12)

    init(neededBy configuration: Configuration) {
        self = []
        for service in configuration.services {
            let channels = service.groups.flatMap(\.channels)
            let rules = service.access + service.listeners.flatMap(\.access)
            let sockets = channels.compactMap(\.socket) + service.listeners.compactMap(\.socket)
            if channels.contains(where: { $0.source == .client }) { insert(.useForeignAddresses) }
            if rules.contains(where: { $0.verdict == .deny(.drop) })
                || sockets.contains(where: { $0.mark != nil })
            {
                insert(.administerNetwork)
            }
        }
    }
}
