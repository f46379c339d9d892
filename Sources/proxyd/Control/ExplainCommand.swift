internal import Shared

/// `explain CLIENT [SERVICE]`: which channel a client would get, and why not each of the others.
enum ExplainCommand {
    static func run(_ request: ControlRequest) {
        guard (1...2).contains(request.words.count) else {
            return request.refuse(.usage, "explain CLIENT [SERVICE], as in explain 192.0.2.7 mail")
        }
        let text = request.words[0]
        guard
            let client = IPAddress(text).map({ Endpoint.ip($0, port: 0) }) ?? (try? Endpoint(text))
        else {
            return request.refuse(
                .invalid,
                "invalid address “\(text.prefix(80))”; write 192.0.2.7, or 192.0.2.7:50122")
        }
        let services = request.state.topology.services
        let name = request.words.count == 2 ? request.words[1] : nil
        let service = name.map { name in services.first { $0.name == name } } ?? services.first
        guard let service, name != nil || services.count == 1 else {
            return request.refuse(
                .notFound,
                name.map { "no service “\($0.prefix(80))”" }
                    ?? "which service? There are: \(services.map(\.name).joined(separator: ", "))")
        }
        request.answer(table(service, client), attributes(service, client))
    }

    private static func table(_ service: Service, _ client: Endpoint) -> Table {
        var table = Table(columns: ["path", "verdict", "reason", "state", "address"])
        let now = Instant.now
        let destination = service.listeners.first?.endpoint ?? client
        let key = ClientKey(source: client, destination: destination)
        for row in service.explain(key, now: now) {
            table.append(
                [
                    row.channel.path, row.verdict.rawValue, row.reason,
                    row.channel.state(now: now).rawValue, "\(row.channel.endpoint)",
                ])
        }
        return table
    }

    /// The service's rule that would deny it, or that of all its listeners; a single one's is not named.
    private static func denial(of client: Endpoint, by service: Service) -> String? {
        func rule(_ list: AccessList?) -> String? {
            list.flatMap { list in list.denial(of: client).map { list.words(of: $0) } }
        }
        if let rule = rule(service.access) { return rule }
        let denials = service.listeners.map { rule($0.access) }
        return denials.contains(nil) ? nil : denials.first ?? nil
    }

    /// What could turn the client away before a channel is chosen.
    private static func attributes(
        _ service: Service, _ client: Endpoint
    ) -> [Reply.Attribute] {
        [
            Reply.Attribute("service", service.name),
            Reply.Attribute("room", service.slots.hasRoom ? "yes" : "no"),
            Reply.Attribute("waiting", String(service.queue.count)),
            Reply.Attribute("denied", denial(of: client, by: service) ?? Table.absent),
        ]
    }
}
