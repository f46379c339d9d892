internal import Shared

/// From the YAML tree of a file to a draft.
struct FileReader {
    var yaml: YAMLReader
    /// Where the rules of the listener's route stand that is read.
    var routePlaces: [Place] = []
    var networkFiles = NetworkFiles()
    /// A file was named that the one who asks may not have the daemon open.
    var isForbidden = false

    mutating func draft(of root: YAMLValue) -> ConfigurationDraft {
        var draft = ConfigurationDraft(place: root.place)
        guard let map = yaml.map(root, .file) else {
            draft.services = nil
            return draft
        }
        DaemonSettings.keys.read(map, into: &draft.settings, with: &self)
        if let value = map["services"] {
            draft.place = value.place
            draft.services = yaml.list(value, as: "“services”")?.map { service($0) }
        }
        return draft
    }

    mutating func service(_ value: YAMLValue) -> ServiceDraft {
        var draft = ServiceDraft(place: value.place)
        guard let map = yaml.map(value, .service) else {
            (draft.listeners, draft.groups) = (nil, nil)
            return draft
        }
        draft.name = name(map)
        ServiceSettings.keys.read(map, into: &draft.settings, with: &self)
        let whenEmpty = draft.settings.whenEmpty
        if let value = map["listen"] {
            draft.listeners = yaml.list(value, as: "“listen”")?.map { listener($0, whenEmpty) }
        }
        if let value = map["groups"] {
            draft.groups = yaml.list(value, as: "“groups”")?.map { group($0) }
        }
        if let value = map["channels"] {
            if map["groups"] != nil {
                yaml.diagnostics.add(
                    "the service has “channels” and “groups”",
                    "move the channels into a group of their own", at: value.place)
                draft.groups = nil
            } else {
                draft.groups = [GroupDraft(place: value.place, channels: channels(value))]
            }
        }
        return draft
    }

    /// With what its service says about clients that no channel can take.
    mutating func listener(_ value: YAMLValue, _ whenEmpty: WhenEmpty) -> ListenerDraft {
        var draft = ListenerDraft(
            place: value.place, settings: ListenerSettings(whenEmpty: whenEmpty))
        guard value.isMap else {
            draft.endpoint = endpoint(value, as: "a listener", EndpointReader.listener)
            return draft
        }
        guard let map = yaml.map(value, .listener) else { return draft }
        draft.name = name(map)
        draft.endpoint = endpoint(map, EndpointReader.listener)
        routePlaces = []
        ListenerSettings.keys.read(map, into: &draft.settings, with: &self)
        draft.routePlaces = routePlaces
        return draft
    }

    mutating func group(_ value: YAMLValue) -> GroupDraft {
        var draft = GroupDraft(place: value.place)
        guard let map = yaml.map(value, .group) else {
            draft.channels = nil
            return draft
        }
        draft.name = name(map)
        GroupSettings.keys.read(map, into: &draft.settings, with: &self)
        draft.electionPlace = map["election"]?.place
        if let value = map["channels"] {
            draft.place = value.place
            draft.channels = channels(value)
        }
        return draft
    }

    private mutating func channels(_ value: YAMLValue) -> [ChannelDraft]? {
        yaml.list(value, as: "“channels”")?.map { channel($0) }
    }

    mutating func channel(_ value: YAMLValue) -> ChannelDraft {
        var draft = ChannelDraft(place: value.place)
        let read = { (text: String) throws(ValueError) in try EndpointReader.channel(text) }
        guard value.isMap else {
            draft.endpoint = endpoint(value, as: "a channel", read)
            return draft
        }
        guard let map = yaml.map(value, .channel) else { return draft }
        draft.name = name(map)
        draft.endpoint = endpoint(map, read)
        ChannelSettings.keys.read(map, into: &draft.settings, with: &self)
        return draft
    }
}

// MARK: - Values that several maps have

extension FileReader {
    private mutating func name(_ map: YAMLMap) -> Placed<String>? {
        yaml.value(map, "name") { text, _ throws(ValueError) in text }
    }

    mutating func number(
        _ map: YAMLMap, _ key: String, _ range: ClosedRange<Int>
    ) -> Int? {
        yaml.value(map, key) { text, name throws(ValueError) in
            try ValueReader.number(text, in: range, as: name)
        }?.value
    }

    mutating func duration(
        _ map: YAMLMap, _ key: String, upTo longest: Duration
    ) -> Duration? {
        yaml.value(map, key) { text, name throws(ValueError) in
            try ValueReader.optionalDuration(text, upTo: longest, as: name)
        }?.value
    }

    mutating func endpoint(
        _ value: YAMLValue, as name: String, _ read: (String) throws(ValueError) -> Endpoint
    ) -> Endpoint? {
        guard let text = yaml.text(value, as: name) else { return nil }
        do throws(ValueError) {
            return try read(text)
        } catch {
            yaml.diagnostics.add(error, at: value.place)
            return nil
        }
    }

    /// The endpoint under `address` or `unix`.
    mutating func endpoint(
        _ map: YAMLMap, _ read: (String) throws(ValueError) -> Endpoint
    ) -> Endpoint? {
        switch (map["address"], map["unix"]) {
        case (nil, nil):
            yaml.diagnostics.add(
                "\(map.keys.noun) needs an address", "add “address” or “unix”", at: map.place)
            return nil
        case (let address?, nil): return endpoint(address, as: "“address”", read)
        case (nil, .some):
            return yaml.value(map, "unix", ValueReader.path).map { .unix(path: $0.value) }
        case (.some, let unix?):
            yaml.diagnostics.add(
                "\(map.keys.noun) has “address” and “unix”", "keep one of the two", at: unix.place)
            return nil
        }
    }
}
