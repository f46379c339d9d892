/// All services at one time. A change makes another one.
struct Topology: Sendable {
    let services: [Service]

    var listeners: [Listener] { services.flatMap(\.listeners) }
    var groups: [Group] { services.flatMap(\.groups) }
    var channels: [Channel] { services.flatMap(\.channels) }
}
