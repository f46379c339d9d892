internal import Shared

/// How many channels are in a state that needs attention.
struct StateCount: Equatable {
    var state: ChannelState
    var number: Int

    static func bad(in snapshot: DaemonSnapshot?) -> [StateCount] {
        let channels = snapshot?.channels ?? []
        return [ChannelState.down, .auto, .full, .grace].compactMap { state in
            let number = channels.count { $0.state == state }
            return number > 0 ? StateCount(state: state, number: number) : nil
        }
    }
}
