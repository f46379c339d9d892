internal import Shared
internal import Yams

/// One change of the running configuration, as it was asked for: pure, and judged by the file's own reader.
struct ConfigurationEdit: Equatable, Sendable {
    enum Verb: String, Sendable {
        case create = "create"
        case createListener = "create listener"
        case createGroup = "create group"
        case createService = "create service"
        case remove = "remove"
        case removeListener = "remove listener"
        case set = "set"
        case setListener = "set listener"

        /// What follows it.
        var arguments: String {
            switch self {
            case .create: "GROUP ADDRESS [KEY=VALUE …]"
            case .createListener: "SERVICE ADDRESS [KEY=VALUE …]"
            case .createGroup: "SERVICE/NAME ADDRESS… [KEY=VALUE …]"
            case .createService: "NAME listen=ADDRESS… ADDRESS… [KEY=VALUE …]"
            case .remove: "PATH"
            case .removeListener, .setListener:
                "SERVICE/LISTENER" + (self == .setListener ? " KEY VALUE" : "")
            case .set: "PATH KEY VALUE…"
            }
        }
    }

    /// Why it cannot be done.
    struct Failure: Error, Equatable {
        var code: Reply.ErrorCode
        var message: String

        init(_ code: Reply.ErrorCode, _ message: String) {
            self.code = code
            self.message = message
        }
    }

    var verb: Verb
    var words: [String]
    /// What files hold that the words name, where the one who asks may have the daemon open them.
    var files: [String: NetworkFile.Reading] = [:]

    /// Changes the draft; the rules of the whole file are the validator's.
    func apply(to draft: inout ConfigurationDraft) throws(Failure) {
        switch verb {
        case .create: try createChannel(in: &draft)
        case .createListener: try createListener(in: &draft)
        case .createGroup: try createGroup(in: &draft)
        case .createService: try createService(in: &draft)
        case .remove: try remove(from: &draft)
        case .removeListener: try removeListener(from: &draft)
        case .set: try set(in: &draft)
        case .setListener: try setListener(in: &draft)
        }
    }

    private var usage: Failure { Failure(.usage, "write \(verb.rawValue) \(verb.arguments)") }

    /// Files of rules that stay as they were are not read again.
    private func read<Draft>(
        _ node: Node, keeping rules: [AccessRule] = [],
        _ read: (inout FileReader, YAMLValue) -> Draft
    ) throws(Failure) -> Draft {
        try NodeEdit.read(node, NetworkFiles(inForce: rules, read: files), read)
    }

    // MARK: Creating

    /// Words with “=” in them are keys, the others addresses.
    private struct Words {
        var addresses: [String] = []
        var keys: [(key: String, value: String)] = []

        init(_ words: ArraySlice<String>) {
            for word in words {
                let parts = word.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                // A Unix socket's path may have a “=” of its own.
                if parts.count == 2, !parts[0].contains("/"), !parts[0].isEmpty {
                    keys.append((String(parts[0]), String(parts[1])))
                } else {
                    addresses.append(word)
                }
            }
        }
    }

    private func createChannel(in draft: inout ConfigurationDraft) throws(Failure) {
        guard let path = words.first, words.count > 1 else { throw usage }
        let things = ThingPath(draft: draft).things(at: path)
        guard case .group(let service, let group)? = things.first(where: \.isGroup) else {
            throw Failure(.notFound, "no group “\(path.prefix(80))”")
        }
        let words = Words(self.words.dropFirst())
        guard words.addresses.count == 1 else { throw usage }
        let siblings = draft.services?[service].groups?[group].channels ?? []
        let created = try channel(
            words.addresses[0], words.keys, siblings: siblings.map(\.name))
        draft.services?[service].groups?[group].channels?.append(created)
    }

    private func channel(
        _ address: String, _ keys: [(key: String, value: String)], siblings: [Placed<String>?]
    ) throws(Failure) -> ChannelDraft {
        let node = try NodeEdit.map([("address", address)] + keys)
        var channel = try read(node) { $0.channel($1) }
        channel.place = Place(path: address)
        channel.name = Self.name(channel.name, among: siblings, at: channel.place)
        return channel
    }

    private func createListener(in draft: inout ConfigurationDraft) throws(Failure) {
        guard let name = words.first, words.count > 1 else { throw usage }
        guard let service = ThingPath(draft: draft).service(at: name) else {
            throw Failure(.notFound, "no service “\(name.prefix(80))”")
        }
        let words = Words(self.words.dropFirst())
        guard words.addresses.count == 1 else { throw usage }
        let whenEmpty = draft.services?[service].settings.whenEmpty ?? .close
        let node = try NodeEdit.map([("address", words.addresses[0])] + words.keys)
        var listener = try read(node) { $0.listener($1, whenEmpty) }
        let siblings = draft.services?[service].listeners ?? []
        listener.place = Place(path: words.addresses[0])
        listener.name = Self.name(
            listener.name, among: siblings.map(\.name), at: listener.place)
        draft.services?[service].listeners?.append(listener)
    }

    private func createGroup(in draft: inout ConfigurationDraft) throws(Failure) {
        guard let path = words.first else { throw usage }
        let parts = ThingPath.parts(of: path)
        let isAlone = parts.count == 1 && draft.services?.count == 1
        let service = isAlone ? 0 : ThingPath(draft: draft).service(at: parts[0])
        guard let service, isAlone || parts.count == 2, let name = parts.last else {
            throw Failure(.notFound, "no service “\(parts[0].prefix(80))”; write SERVICE/NAME")
        }
        let words = Words(self.words.dropFirst())
        let node = try NodeEdit.map(words.keys)
        var group = try read(node) { $0.group($1) }
        group.place = Place(path: path)
        group.name = Placed(name, at: group.place)
        group.channels = try channels(words.addresses)
        draft.services?[service].groups?.append(group)
    }

    private func channels(_ addresses: [String]) throws(Failure) -> [ChannelDraft] {
        var channels: [ChannelDraft] = []
        for address in addresses {
            channels.append(try channel(address, [], siblings: channels.map(\.name)))
        }
        return channels
    }

    private func createService(in draft: inout ConfigurationDraft) throws(Failure) {
        guard let name = words.first, !name.contains("=") else { throw usage }
        let words = Words(self.words.dropFirst())
        // Keys that a service lacks are its group's.
        let ofGroup = Set(KeySet.group.creatable).subtracting(KeySet.service.keys)
        let node = try NodeEdit.map(
            words.keys.filter { $0.key != "listen" && !ofGroup.contains($0.key.firstPart) })
        let place = Place(path: name)
        var service = try read(node) { $0.service($1) }
        service.place = place
        service.name = Placed(name, at: place)
        service.listeners = []
        for (_, address) in words.keys.filter({ $0.key == "listen" }) {
            let node = try NodeEdit.map([("address", address)])
            let whenEmpty = service.settings.whenEmpty
            var listener = try read(node) { $0.listener($1, whenEmpty) }
            listener.place = Place(path: address)
            listener.name = Self.name(
                nil, among: (service.listeners ?? []).map(\.name), at: listener.place)
            service.listeners?.append(listener)
        }
        // Without channels its groups are to follow, within the same transaction.
        service.groups = []
        if !words.addresses.isEmpty {
            let keys = words.keys.filter { ofGroup.contains($0.key.firstPart) }
            var group = try read(try NodeEdit.map(keys)) { $0.group($1) }
            group.place = place
            group.name = Placed("0", at: place)
            group.channels = try channels(words.addresses)
            service.groups = [group]
        }
        draft.services?.append(service)
    }

    /// The name that was given, or the first index that is not a sibling's name already.
    private static func name(
        _ given: Placed<String>?, among siblings: [Placed<String>?], at place: Place
    ) -> Placed<String> {
        if let given { return Placed(given.value, at: place) }
        var number = siblings.count
        while siblings.contains(where: { $0?.value == String(number) }) { number += 1 }
        return Placed(String(number), at: place)
    }

    // MARK: Removing

    private func remove(from draft: inout ConfigurationDraft) throws(Failure) {
        guard let path = words.first, words.count == 1 else { throw usage }
        switch ThingPath(draft: draft).things(at: path).first {
        case .service(let service): draft.services?.remove(at: service)
        case .group(let service, let group):
            draft.services?[service].groups?.remove(at: group)
        case .channel(let service, let group, let channel):
            draft.services?[service].groups?[group].channels?.remove(at: channel)
        case .listener, nil:
            throw Failure(.notFound, "no channel, group or service “\(path.prefix(80))”")
        }
    }

    private func removeListener(from draft: inout ConfigurationDraft) throws(Failure) {
        guard let path = words.first, words.count == 1 else { throw usage }
        let found = try listener(at: path, in: draft)
        draft.services?[found.service].listeners?.remove(at: found.listener)
    }

    private func listener(
        at path: String, in draft: ConfigurationDraft
    ) throws(Failure) -> (service: Int, listener: Int) {
        guard
            case .listener(let service, let listener)? = ThingPath(draft: draft).listener(at: path)
        else { throw Failure(.notFound, "no listener “\(path.prefix(80))”") }
        return (service, listener)
    }

    // MARK: Setting

    private func set(in draft: inout ConfigurationDraft) throws(Failure) {
        guard words.count >= 3 else { throw usage }
        let (path, key, value) = (words[0], words[1], Array(words[2...]))
        let things = ThingPath(draft: draft).things(at: path)
        guard !things.isEmpty else {
            throw Failure(.notFound, "no channel, group or service “\(path.prefix(80))”")
        }
        try NodeEdit.refuseWhatIsOnlyInFiles(key)
        guard let thing = things.first(where: { $0.keys.contains(key.firstPart) }) else {
            throw Self.unsettable(key, among: things.flatMap(\.keys))
        }
        switch thing {
        case .service(let service): try setService(service, key, value, in: &draft)
        case .group(let service, let group): try setGroup(service, group, key, value, in: &draft)
        case .channel(let service, let group, let channel):
            guard let old = draft.services?[service].groups?[group].channels?[channel],
                let node = old.node
            else { return }
            var new = try read(try NodeEdit.change(node, key, value)) {
                $0.channel($1)
            }
            (new.name, new.place) = (old.name, old.place)
            draft.services?[service].groups?[group].channels?[channel] = new
        case .listener: break
        }
    }

    private static func unsettable(_ key: String, among keys: [String]) -> Failure {
        let near = NearestWord.nearest(to: key.firstPart, among: keys)
        return Failure(
            .usage,
            "“\(key.prefix(40))” cannot be set there; "
                + (near.map { "did you mean “\($0)”?" }
                    ?? "there are: \(keys.joined(separator: ", "))"))
    }

    private func setGroup(
        _ service: Int, _ group: Int, _ key: String, _ value: [String],
        in draft: inout ConfigurationDraft
    ) throws(Failure) {
        guard let old = draft.services?[service].groups?[group] else { return }
        let node = old.settings.node(.difference)
        var new = try read(try NodeEdit.change(node, key, value)) { $0.group($1) }
        (new.name, new.place) = (old.name, old.place)
        new.channels = old.channels
        if new.electionPlace != nil { new.electionPlace = old.place }
        // What concerned only the old policy goes with it.
        if key.firstPart == "balance", new.settings.balance.policy != .primary {
            new.settings.election = ElectionConfiguration()
            new.electionPlace = nil
        }
        draft.services?[service].groups?[group] = new
    }

    private func setService(
        _ service: Int, _ key: String, _ value: [String], in draft: inout ConfigurationDraft
    ) throws(Failure) {
        guard let old = draft.services?[service] else { return }
        let node = old.settings.node(.difference)
        var new = try read(try NodeEdit.change(node, key, value), keeping: old.settings.access) {
            $0.service($1)
        }
        (new.name, new.place) = (old.name, old.place)
        new.groups = old.groups
        // Listeners that did as the service said go on doing so.
        let (before, after) = (old.settings.whenEmpty, new.settings.whenEmpty)
        new.listeners = old.listeners?.map { listener in
            var listener = listener
            if listener.settings.whenEmpty == before { listener.settings.whenEmpty = after }
            return listener
        }
        draft.services?[service] = new
    }

    private func setListener(in draft: inout ConfigurationDraft) throws(Failure) {
        guard words.count >= 3 else { throw usage }
        let found = try listener(at: words[0], in: draft)
        guard let service = draft.services?[found.service],
            let old = service.listeners?[found.listener], let node = old.node(in: service)
        else { return }
        let (key, keys) = (words[1], KeySet.listener)
        try NodeEdit.refuseWhatIsOnlyInFiles(key)
        // A key that no listener has is the reader's to name.
        if keys.keys.contains(key.firstPart), !keys.settable.contains(key.firstPart) {
            throw Self.unsettable(key, among: keys.settable)
        }
        let changed = try NodeEdit.change(node, words[1], Array(words[2...]))
        var new = try read(changed, keeping: old.settings.access) {
            $0.listener($1, service.settings.whenEmpty)
        }
        (new.name, new.place) = (old.name, old.place)
        draft.services?[found.service].listeners?[found.listener] = new
    }
}

extension ThingPath.Thing {
    fileprivate var isGroup: Bool { if case .group = self { true } else { false } }

    /// The keys that `set` may change.
    fileprivate var keys: [String] {
        switch self {
        case .service: KeySet.service.settable
        case .group: KeySet.group.settable
        case .channel: KeySet.channel.settable
        case .listener: KeySet.listener.settable
        }
    }
}

extension String {
    /// `timeouts` of `timeouts.idle`.
    fileprivate var firstPart: String { String(prefix { $0 != "." }) }
}
