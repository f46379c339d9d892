/// One end of a session; as the source of a flow, its direction.
enum Side: Sendable {
    case client, channel

    var other: Side { self == .client ? .channel : .client }
}
