/// Policies in the few letters a heading has room for.
enum PolicyName {
    static func short(_ name: String) -> String {
        switch name {
        case "round-robin": "rr"
        case "least-connections": "leastconn"
        case "fewest-connections-total": "fewest"
        case "random-two-choices": "random2"
        default: name
        }
    }
}
