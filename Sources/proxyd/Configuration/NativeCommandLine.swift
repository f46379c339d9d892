internal import Shared

/// `proxyd run -l ADDRESS… -- CHANNEL… [! CHANNEL…]`: our own short form of a file with one service.
struct NativeCommandLine: Equatable {
    /// What `-l` was given, each time.
    var listen: [String] = []
    /// `HOST[:PORT[:MAXC]]` per channel; `!` ends a group, `%` one whose clients are hashed.
    var operands: [String] = []
    var connectTimeout: String?
    var idleTimeout: String?
    var halfClosedTimeout: String?
    var deadPeer: String?
    var grace: String?
    var whenEmpty: String?
    var workers: String?
    var maxSessions: String?
    var control: String?
    var environment: String?
    var metricsListen: String?
    var stateFile: String?
    var user: String?
    var group: String?
    var chroot: String?
    var keepsBind = false

    func configuration() throws(ConfigurationErrors) -> Configuration {
        var diagnostics = Diagnostics()
        var draft = ConfigurationDraft(place: Place(argument: "run", position: 0))
        draft.services = [service(&diagnostics)]
        var validator = DraftValidator(diagnostics: diagnostics)
        applyDaemonOptions(to: &draft.settings, &validator.diagnostics)
        return try validator.configuration(from: draft)
    }

    /// The options that concern the daemon as a whole, which go together with a file too and win over it.
    func apply(to configuration: inout Configuration) throws(ConfigurationErrors) {
        var diagnostics = Diagnostics()
        applyDaemonOptions(to: &configuration.settings, &diagnostics)
        guard diagnostics.isEmpty else { throw diagnostics.errors }
    }

    private func applyDaemonOptions(
        to settings: inout DaemonSettings, _ diagnostics: inout Diagnostics
    ) {
        if let workers = Self.value(workers, "--workers", &diagnostics, ValueReader.workers) {
            settings.workers = workers
        }
        if let sessions = Self.value(
            maxSessions, "--max-sessions", &diagnostics,
            { text, name throws(ValueError) in
                try ValueReader.number(text, in: ValueReader.sessions, as: name)
            })
        {
            settings.maxSessions = sessions
        }
        if let path = Self.value(control, "--control", &diagnostics, ValueReader.path) {
            settings.control.path = path
        }
        if let word = Self.value(environment, "--environment", &diagnostics, ValueReader.label) {
            settings.control.environment = word
        }
        if let endpoint = Self.value(
            metricsListen, "--metrics-listen", &diagnostics,
            { text, _ throws(ValueError) in try EndpointReader.listener(text) })
        {
            settings.metrics.listen = MetricsConfiguration.Listen(endpoint: endpoint)
        }
        if let path = Self.value(stateFile, "--state-file", &diagnostics, ValueReader.wholePath) {
            settings.stateFile = path
        }
        applyPrivileges(to: &settings.privileges, &diagnostics)
    }

    private func applyPrivileges(
        to privileges: inout PrivilegesConfiguration, _ diagnostics: inout Diagnostics
    ) {
        if let user = Self.value(user, "--user", &diagnostics, ValueReader.user) {
            privileges.user = user
        }
        if let group = Self.value(group, "--group", &diagnostics, ValueReader.unixGroup) {
            privileges.group = group
        }
        if let chroot = Self.value(chroot, "--chroot", &diagnostics, ValueReader.wholePath) {
            privileges.chroot = chroot
        }
        if keepsBind { privileges.keepsBind = true }
    }

    private func service(_ diagnostics: inout Diagnostics) -> ServiceDraft {
        var service = ServiceDraft(place: Place(argument: "-l", position: 1))
        let timeouts = Timeouts()
        service.settings.timeouts.connect =
            Self.value(connectTimeout, "--connect-timeout", &diagnostics) {
                text, name throws(ValueError) in
                try ValueReader.duration(
                    text, in: ValueReader.shortest...ValueReader.year, as: name)
            } ?? timeouts.connect
        func optional(
            _ text: String?, _ option: String, _ longest: Duration = ValueReader.year
        ) -> Duration? {
            Self.value(text, option, &diagnostics) { text, name throws(ValueError) in
                try ValueReader.optionalDuration(text, upTo: longest, as: name)
            } ?? nil
        }
        service.settings.timeouts.idle = optional(idleTimeout, "--idle-timeout")
        if halfClosedTimeout != nil {
            service.settings.timeouts.halfClosed = optional(
                halfClosedTimeout, "--half-closed-timeout")
        }
        service.settings.timeouts.deadPeer = optional(
            deadPeer, "--dead-peer", ValueReader.longestDeadPeer)
        service.settings.grace =
            Self.value(grace, "--grace", &diagnostics) { text, name throws(ValueError) in
                try ValueReader.duration(text, in: .zero...ValueReader.year, as: name)
            } ?? service.settings.grace
        let whenEmpty =
            Self.value(whenEmpty, "--when-empty", &diagnostics, ValueReader.whenEmpty) ?? .close
        service.listeners = listen.enumerated().map { index, text in
            let place = Place(argument: "-l", position: 1000 + index)
            var listener = ListenerDraft(
                place: place, settings: ListenerSettings(whenEmpty: whenEmpty))
            do throws(ValueError) {
                listener.endpoint = try EndpointReader.listener(text)
            } catch {
                diagnostics.add(error, at: place)
            }
            return listener
        }
        service.groups = groups(defaultPort: service.listeners?.first?.endpoint, &diagnostics)
        return service
    }

    /// An option's value; nil when it was not given, or has a mistake.
    private static func value<Result>(
        _ text: String?, _ option: String, _ diagnostics: inout Diagnostics,
        _ read: (String, String) throws(ValueError) -> Result
    ) -> Result? {
        guard let text else { return nil }
        do throws(ValueError) {
            return try read(text, ValueError.unnamed)
        } catch {
            diagnostics.add(error, at: Place(argument: option, position: 2))
            return nil
        }
    }

    private func groups(
        defaultPort listener: Endpoint?, _ diagnostics: inout Diagnostics
    ) -> [GroupDraft]? {
        guard !operands.isEmpty else {
            diagnostics.add(
                "no channel is given", "write them after “--”, as in -- 10.0.0.1:143",
                at: Place(argument: "run", position: 0))
            return nil
        }
        let defaultPort: UInt16? =
            switch listener {
            case .ip(_, let port)?, .name(_, let port)?: port == 0 ? nil : port
            case .unix?, nil: nil
            }
        var groups: [GroupDraft] = []
        var channels: [ChannelDraft] = []
        var isEnded = false
        for (index, operand) in operands.enumerated() {
            // Behind every option: 1000 listeners do not fit on a command line that people read.
            let place = Place(argument: "operand \(index + 1)", position: 1_000_000 + index)
            isEnded = operand == "!" || operand == "%"
            if isEnded {
                let balance = BalanceConfiguration(policy: operand == "%" ? .hash : .roundRobin)
                groups.append(
                    GroupDraft(
                        place: place, settings: GroupSettings(balance: balance), channels: channels)
                )
                channels = []
                continue
            }
            var channel = ChannelDraft(place: place)
            do throws(ValueError) {
                let operand = try ChannelOperand(operand, defaultPort: defaultPort)
                channel.endpoint = operand.endpoint
                channel.settings.maxc = operand.maxc
            } catch {
                diagnostics.add(error, at: place)
            }
            channels.append(channel)
        }
        if !isEnded {
            groups.append(
                GroupDraft(
                    place: Place(argument: "operand \(operands.count)", position: 1_000_000),
                    channels: channels))
        }
        return groups
    }
}
