internal import Shared

/// A group for each destination of a foreign file, and rules that lead there.
struct ImportRoutes {
    private(set) var groups: [GroupConfiguration] = []
    private(set) var rules: [RouteRule] = []
    private var names = ImportNames()
    private var nameOf: [String: String] = [:]

    func knows(_ destination: String) -> Bool { nameOf[destination] != nil }

    /// What a destination has; a route leads to one group only, so the others are reported.
    mutating func add(
        _ destination: String, _ found: [GroupConfiguration], at place: String,
        _ remarks: inout ImportRemarks
    ) {
        guard var group = found.first else {
            return remarks.drop(
                destination, at: place, "it is not an address, and no server of it was carried over"
            )
        }
        group.name = names.name(destination)
        nameOf[destination] = group.name
        groups.append(group)
        if found.count > 1 {
            remarks.drop(
                "backup servers of \(destination)", at: place,
                "a route leads to one group, and no other one is tried")
        }
    }

    /// Of each alternative all conditions have to fit.
    mutating func lead(
        to destination: String, where alternatives: [[RouteRule.Condition]]
    ) {
        guard let name = nameOf[destination] else { return }
        rules += alternatives.map { RouteRule(conditions: $0, target: .group(name)) }
    }

    /// What each group is of, by its name.
    var destinations: [String: String] {
        Dictionary(nameOf.map { ($1, $0) }) { first, _ in first }
    }

    /// - Returns: whether there are not too many of them.
    func apply(to service: inout ServiceConfiguration) -> Bool {
        guard rules.count <= FileReader.mostRoutes else { return false }
        service.groups = groups
        for index in service.listeners.indices { service.listeners[index].route = rules }
        return true
    }
}
