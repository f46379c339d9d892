internal import Shared

/// From the YAML tree of a file to a draft.
struct FileReader {
    var yaml: YAMLReader

    mutating func draft(of root: YAMLValue) -> ConfigurationDraft {
        var draft = ConfigurationDraft(place: root.place)
        guard let map = yaml.map(root, .file) else {
            draft.services = nil
            return draft
        }
        if let value = map["control"] { draft.control = control(value) }
        if let value = map["metrics"] { draft.metrics = metrics(value) }
        if let value = map["privileges"] { draft.privileges = privileges(value) }
        if let value = map["log"] { draft.log = log(value) }
        draft.stateFile = yaml.value(map, "state-file", ValueReader.wholePath)?.value
        if let workers = yaml.value(map, "workers", ValueReader.workers) {
            draft.workers = workers.value
        }
        draft.maxSessions = number(map, "max-sessions", ValueReader.sessions)
        if let value = map["services"] {
            draft.place = value.place
            draft.services = yaml.list(value, as: "“services”")?.map { service($0) }
        }
        return draft
    }

    private mutating func control(_ value: YAMLValue) -> ControlConfiguration {
        var control = ControlConfiguration()
        guard let map = yaml.map(value, .control) else { return control }
        control.path = yaml.value(map, "socket", ValueReader.path)?.value
        control.mode = yaml.value(map, "mode", ValueReader.mode)?.value ?? control.mode
        control.group = yaml.value(map, "group", ValueReader.label)?.value
        control.environment = yaml.value(map, "environment", ValueReader.label)?.value
        control.admins = principals(map, "admins")
        control.operators = principals(map, "operators")
        control.viewers = principals(map, "viewers")
        if map["idle"] != nil { control.idle = duration(map, "idle", upTo: ValueReader.year) }
        return control
    }

    mutating func service(_ value: YAMLValue) -> ServiceDraft {
        var draft = ServiceDraft(place: value.place)
        guard let map = yaml.map(value, .service) else {
            (draft.listeners, draft.groups) = (nil, nil)
            return draft
        }
        draft.name = name(map)
        if let value = map["timeouts"] { draft.timeouts = timeouts(value) }
        draft.grace =
            yaml.value(map, "grace") { text, name throws(ValueError) in
                try ValueReader.duration(text, in: .zero...ValueReader.year, as: name)
            }?.value ?? draft.grace
        if map["resolve"] != nil {
            draft.resolve = duration(map, "resolve", upTo: ValueReader.year)
        }
        draft.health = health(map)
        draft.limits = limits(map)
        draft.access = access(map)
        draft.source = source(map)
        draft.probes = probes(map)
        draft.whenEmpty = whenEmpty(map) ?? draft.whenEmpty
        draft.onRemove = onRemove(map) ?? draft.onRemove
        let whenEmpty = draft.whenEmpty
        if let value = map["listen"] {
            draft.listeners = yaml.list(value, as: "“listen”")?.map { listener($0, whenEmpty) }
        }
        if let value = map["groups"] {
            draft.groups = yaml.list(value, as: "“groups”")?.map { group($0) }
        }
        if let value = map["channels"] {
            if map["groups"] != nil {
                yaml.mistakes.add(
                    "the service has “channels” and “groups”",
                    "move the channels into a group of their own", at: value.place)
                draft.groups = nil
            } else {
                draft.groups = [GroupDraft(place: value.place, channels: channels(value))]
            }
        }
        return draft
    }

    private mutating func timeouts(_ value: YAMLValue) -> Timeouts {
        var timeouts = Timeouts()
        guard let map = yaml.map(value, .timeouts) else { return timeouts }
        timeouts.connect =
            yaml.value(map, "connect") { text, name throws(ValueError) in
                try ValueReader.duration(
                    text, in: ValueReader.shortest...ValueReader.year, as: name)
            }?.value ?? timeouts.connect
        timeouts.idle = duration(map, "idle", upTo: ValueReader.year)
        timeouts.halfClosed = duration(map, "half-closed", upTo: ValueReader.year)
        timeouts.deadPeer = duration(map, "dead-peer", upTo: ValueReader.longestDeadPeer)
        if map["client-hello"] != nil {
            timeouts.clientHello = duration(map, "client-hello", upTo: ValueReader.longestHold)
        }
        return timeouts
    }

    mutating func listener(_ value: YAMLValue, _ whenEmpty: WhenEmpty) -> ListenerDraft {
        var draft = ListenerDraft(place: value.place, whenEmpty: whenEmpty)
        guard value.isMap else {
            draft.endpoint = endpoint(value, as: "a listener", EndpointReader.listener)
            return draft
        }
        guard let map = yaml.map(value, .listener) else { return draft }
        draft.name = name(map)
        draft.endpoint = endpoint(map, EndpointReader.listener)
        draft.mode = yaml.value(map, "mode", ValueReader.mode)?.value
        draft.user = yaml.value(map, "user", ValueReader.user)?.value
        draft.group = yaml.value(map, "group", ValueReader.unixGroup)?.value
        draft.onBindFailure =
            yaml.value(map, "on-bind-failure", ValueReader.onBindFailure)?.value
            ?? draft.onBindFailure
        draft.whenEmpty = self.whenEmpty(map) ?? whenEmpty
        draft.backlog = number(map, "backlog", ValueReader.backlogs).map { Int32($0) }
        draft.maxSessions = number(map, "max-sessions", ValueReader.sessions)
        draft.rate = rate(map)
        draft.access = access(map)
        draft.waitForBytes = number(map, "wait-for-bytes", ValueReader.bytesWaitedFor) ?? 0
        draft.socket = socketOptions(map, .listenerSocket)
        draft.proxyProtocol = proxyProtocolIn(map)
        draft.tls = listenerTLS(map)
        draft.route = route(map)
        return draft
    }

    mutating func group(_ value: YAMLValue) -> GroupDraft {
        var draft = GroupDraft(place: value.place)
        guard let map = yaml.map(value, .group) else {
            draft.channels = nil
            return draft
        }
        draft.name = name(map)
        draft.probes = probes(map)
        draft.balance = balance(map) ?? draft.balance
        draft.maxSessions = number(map, "max-sessions", ValueReader.sessions)
        draft.slowStart = duration(map, "slow-start", upTo: ValueReader.longestHold)
        draft.rebalance = number(map, "rebalance", 1...1_000_000)
        draft.mayBeEmpty = yaml.value(map, "may-be-empty", ValueReader.flag)?.value ?? false
        draft.source = source(map)
        draft.socket = socketOptions(map, .channelSocket)
        draft.proxyProtocol = proxyProtocolOut(map)
        draft.tls = channelTLS(map)
        if let value = map["election"] { draft.election = election(value) }
        if let value = map["channels"] {
            draft.place = value.place
            draft.channels = channels(value)
        }
        return draft
    }

    /// A policy's word, or a map with its options.
    private mutating func balance(_ map: YAMLMap) -> BalanceConfiguration? {
        guard let value = map["balance"], value.isMap else {
            let policy = yaml.value(map, "balance", ValueReader.policy)?.value
            return policy.map { BalanceConfiguration(policy: $0) }
        }
        guard let inner = yaml.map(value, .balance) else { return nil }
        var options = BalanceOptions()
        var isGood = true
        for key in KeySet.balance.keys where inner[key] != nil {
            let read = yaml.value(inner, key) { text, _ throws(ValueError) in
                try options.set(key, to: text)
            }
            isGood = isGood && read != nil
        }
        if inner["policy"] == nil {
            yaml.mistakes.add(
                "“balance” names no policy", "add “policy”, as in policy: hash", at: value.place)
            isGood = false
        }
        guard isGood else { return nil }
        do throws(BalanceOptions.Nonsense) {
            return try options.configuration()
        } catch {
            yaml.mistakes.add(error.mistake, at: inner[error.option]?.place ?? value.place)
            return nil
        }
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
        draft.probes = probes(map)
        draft.weight = number(map, "weight", ValueReader.weights) ?? draft.weight
        draft.maxc = number(map, "maxc", ValueReader.sessions)
        draft.label = yaml.value(map, "label", ValueReader.label)?.value
        draft.isEnabled = yaml.value(map, "enabled", ValueReader.flag)?.value ?? draft.isEnabled
        draft.source = source(map)
        draft.socket = socketOptions(map, .channelSocket)
        draft.proxyProtocol = proxyProtocolOut(map)
        draft.tls = channelTLS(map)
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

    /// A text, or a map: `hold: 10s`.
    private mutating func whenEmpty(_ map: YAMLMap) -> WhenEmpty? {
        guard let value = map["when-empty"], value.isMap else {
            return yaml.value(map, "when-empty", ValueReader.whenEmpty)?.value
        }
        guard let inner = yaml.map(value, .whenEmpty) else { return nil }
        if inner.values.isEmpty, yaml.mistakes.isEmpty {
            yaml.mistakes.add("“when-empty” says nothing", "write hold: 10s", at: value.place)
        }
        return yaml.value(inner, "hold") { text, name throws(ValueError) in
            WhenEmpty.hold(
                try ValueReader.duration(
                    text, in: ValueReader.shortest...ValueReader.longestHold, as: name))
        }?.value
    }

    /// A text, or a map: `drain: 30s`.
    private mutating func onRemove(_ map: YAMLMap) -> OnRemove? {
        guard let value = map["on-remove"], value.isMap else {
            return yaml.value(map, "on-remove", ValueReader.onRemove)?.value
        }
        guard let inner = yaml.map(value, .onRemove) else { return nil }
        if inner.values.isEmpty, yaml.mistakes.isEmpty {
            yaml.mistakes.add("“on-remove” says nothing", "write drain: 30s", at: value.place)
        }
        return yaml.value(inner, "drain") { text, name throws(ValueError) in
            OnRemove.drain(
                try ValueReader.duration(
                    text, in: ValueReader.shortest...ValueReader.longestHold, as: name))
        }?.value
    }

    mutating func endpoint(
        _ value: YAMLValue, as name: String, _ read: (String) throws(ValueError) -> Endpoint
    ) -> Endpoint? {
        guard let text = yaml.text(value, as: name) else { return nil }
        do throws(ValueError) {
            return try read(text)
        } catch {
            yaml.mistakes.add(error, at: value.place)
            return nil
        }
    }

    /// The endpoint under `address` or `unix`.
    mutating func endpoint(
        _ map: YAMLMap, _ read: (String) throws(ValueError) -> Endpoint
    ) -> Endpoint? {
        switch (map["address"], map["unix"]) {
        case (nil, nil):
            yaml.mistakes.add(
                "\(map.keys.noun) needs an address", "add “address” or “unix”", at: map.place)
            return nil
        case (let address?, nil): return endpoint(address, as: "“address”", read)
        case (nil, .some):
            return yaml.value(map, "unix", ValueReader.path).map { .unix(path: $0.value) }
        case (.some, let unix?):
            yaml.mistakes.add(
                "\(map.keys.noun) has “address” and “unix”", "keep one of the two", at: unix.place)
            return nil
        }
    }
}
