internal import Shared

extension GroupRole {
    /// As the screen writes it: capitals for the groups that carry sessions, or should.
    var word: String {
        switch self {
        case .active: "ACTIVE"
        case .spill: "SPILL"
        case .standby: "standby"
        case .exhausted: "EXHAUSTED"
        }
    }

    var style: Style {
        switch self {
        case .active: Style(.up)
        case .spill: Style(.full)
        case .standby: .plain
        case .exhausted: Style(.down)
        }
    }
}
