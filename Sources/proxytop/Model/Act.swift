internal import Shared

/// A change that an operator asks for.
struct Act: Equatable, Sendable {
    enum Verb: Equatable, Sendable {
        /// Takes new sessions again.
        case enable
        /// No new sessions; cuts nobody.
        case drain
        /// No new sessions, and the running ones are ended.
        case cut
    }

    /// What it is done to, by identity.
    struct Target: Equatable, Sendable {
        var subject: Subject
        var path: String
        /// As the table names it: `0.2` or `G0`.
        var name: String
        var serials: Set<UInt64>
    }

    var verb: Verb
    var target: Target
    /// The state of things that the operator saw; the daemon refuses when it has moved.
    var generation: UInt64

    var request: Request {
        switch verb {
        case .enable: Request(words: ["enable", target.path])
        case .drain: Request(words: ["drain", target.path, "if-gen=\(generation)"])
        case .cut: Request(words: ["disable", target.path, "cut", "if-gen=\(generation)"])
        }
    }

    /// The command as a person would type it.
    var command: String { request.words.map(Request.quoted).joined(separator: " ") }
}

extension Act.Target {
    /// The thing under the cursor; nil when it is not there any more.
    init?(_ subject: Subject, in picture: Picture) {
        self.subject = subject
        switch subject {
        case .channel(let serial):
            guard let channel = picture.channel(serial: serial) else { return nil }
            path = channel.path
            name = Place(channelPath: channel.path).shortName
            serials = [serial]
        case .group(let serial):
            guard let group = picture.group(serial: serial) else { return nil }
            path = group.snapshot.path
            name = group.title
            serials = Set(group.channels.map(\.serial))
        case .service(let service):
            guard let found = picture.services.first(where: { $0.name == service }) else {
                return nil
            }
            path = service
            name = service
            serials = Set(found.groups.flatMap { $0.channels.map(\.serial) })
        }
    }
}
