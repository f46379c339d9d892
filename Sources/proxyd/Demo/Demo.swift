internal import Shared

/// An ordinary daemon with channels and clients of its own: two groups of echo channels, and clients
/// that come, talk and go, one of which streams.
struct Demo {
    let configuration: Configuration
    private let channels: [EchoChannel]

    private static let groups = [("main", ["a", "b", "c"]), ("spare", ["d", "e"])]
    /// Sessions per channel of the first group: a wave of clients flows over into the second.
    private static let maxc = 6
    private static let habits: [DemoClient.Habit] =
        [.streams] + Array(repeating: .talks, count: 12)
        + Array(repeating: .comesInWaves, count: 9)

    init(control: ControlConfiguration) throws(SystemError) {
        var channels: [EchoChannel] = []
        var service = ServiceConfiguration(name: "demo")
        service.listeners = [
            ListenerConfiguration(name: "clients", endpoint: .ip(.loopbackV4, port: 0))
        ]
        service.grace = .seconds(10)
        for (name, channelNames) in Self.groups {
            var group = GroupConfiguration(name: name)
            for channelName in channelNames {
                let channel = try EchoChannel(name: channelName)
                channels.append(channel)
                group.channels.append(
                    ChannelConfiguration(
                        name: channelName, endpoint: channel.endpoint,
                        settings: ChannelSettings(maxc: Self.maxc, label: "echo")))
            }
            service.groups.append(group)
        }
        self.channels = channels
        configuration = Configuration(
            settings: DaemonSettings(control: control), services: [service])
    }

    /// The daemon listens: channels and clients may begin.
    func begin(with topology: Topology) throws(SystemError) {
        for channel in channels { try channel.serve() }
        guard let listener = topology.listeners.first else { return }
        for (number, habit) in Self.habits.enumerated() {
            try DemoClient(number: number, listener: listener.endpoint, habit: habit).start()
        }
    }
}
