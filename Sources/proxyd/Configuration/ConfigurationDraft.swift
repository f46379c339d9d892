internal import Shared

/// What was written, value by value good, with the places that whole-file rules need.
///
/// nil stands for what had a mistake of its own, so that one mistake is not reported twice.
struct ConfigurationDraft {
    var place: Place
    var settings = DaemonSettings()
    var services: [ServiceDraft]? = []
}

struct ServiceDraft {
    var place: Place
    var name: Placed<String>?
    var settings = ServiceSettings()
    var listeners: [ListenerDraft]? = []
    var groups: [GroupDraft]? = []
}

struct ListenerDraft {
    var place: Place
    var name: Placed<String>?
    var endpoint: Endpoint?
    var settings = ListenerSettings()
    /// Of the rules of its route, one for each.
    var routePlaces: [Place] = []
}

struct GroupDraft {
    var place: Place
    var name: Placed<String>?
    var settings = GroupSettings()
    /// Where its election was written; nil: nowhere.
    var electionPlace: Place?
    var channels: [ChannelDraft]? = []
}

struct ChannelDraft {
    var place: Place
    var name: Placed<String>?
    var endpoint: Endpoint?
    var settings = ChannelSettings()
}

// MARK: - Of a valid configuration, so that a change of it is judged by the rules of the file

extension ConfigurationDraft {
    init(of configuration: Configuration) {
        self.init(
            place: Place(path: ""), settings: configuration.settings,
            services: configuration.services.map { ServiceDraft(of: $0) })
    }
}

extension ServiceDraft {
    init(of service: ServiceConfiguration) {
        let place = Place(path: service.name)
        self.init(
            place: place, name: Placed(service.name, at: place), settings: service.settings,
            listeners: service.listeners.map { ListenerDraft(of: $0, in: service.name) },
            groups: service.groups.map { GroupDraft(of: $0, in: service.name) })
    }
}

extension ListenerDraft {
    init(of listener: ListenerConfiguration, in service: String) {
        let place = Place(path: "\(service)/\(listener.name)")
        self.init(
            place: place, name: Placed(listener.name, at: place), endpoint: listener.endpoint,
            settings: listener.settings, routePlaces: listener.route.map { _ in place })
    }
}

extension GroupDraft {
    init(of group: GroupConfiguration, in service: String) {
        let path = "\(service)/\(group.name)"
        let place = Place(path: path)
        self.init(
            place: place, name: Placed(group.name, at: place), settings: group.settings,
            electionPlace: group.balance.policy == .primary ? place : nil,
            channels: group.channels.map { ChannelDraft(of: $0, in: path) })
    }
}

extension ChannelDraft {
    init(of channel: ChannelConfiguration, in group: String) {
        let place = Place(path: "\(group)/\(channel.name)")
        self.init(
            place: place, name: Placed(channel.name, at: place), endpoint: channel.endpoint,
            settings: channel.settings)
    }
}
