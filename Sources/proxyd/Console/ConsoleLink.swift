internal import Shared

/// The console's connection, which may be lost and made again, and what it has told.
final class ConsoleLink {
    private let target: ControlTarget
    private var client: ControlClient?
    /// What `hello` said last.
    private var greeting: [Reply.Attribute] = []
    private(set) var vocabulary = Vocabulary()

    /// How long Tab waits for names.
    private static let patience = Duration.seconds(1)

    init(to target: ControlTarget) {
        self.target = target
        vocabulary.policies = PolicyName.words
    }

    /// Connects and learns who is there.
    func open() throws(ControlFailure) -> ControlClient {
        let client = try target.connect()
        try client.send(Request(words: ["hello"]))
        switch try client.receive() {
        case .error(.forbidden, let message): throw .forbidden(message)
        case .error(_, let message): throw .noDaemon(message)
        case .ok(let attributes, _): greeting = attributes
        }
        try client.send(Request(words: ["describe"]))
        vocabulary.learnCommands(from: try client.receive())
        self.client = client
        return client
    }

    /// A connection that has not been closed; told is one that was made anew, and who is there now.
    func connection(_ tell: (String) -> Void) throws(ControlFailure) -> ControlClient {
        if let client, !client.isClosed { return client }
        let wasOpen = client != nil
        let epoch = greeting["epoch"]
        client = nil
        let client = try open()
        if greeting["epoch"] != epoch {
            tell("connected again, to another daemon: it has started anew")
        } else if wasOpen {
            tell("connected again: the daemon had closed the connection")
        }
        return client
    }

    func close() { client = nil }

    /// Asks for what there is by now; without a daemon what was known before has to do.
    func learnNames() {
        guard let client, !client.isClosed else { return }
        do throws(ControlFailure) {
            try client.send(Request(words: ["show", "channels"]))
            vocabulary.learnChannels(from: try client.receive(within: Self.patience))
            try client.send(Request(words: ["show", "listeners"]))
            vocabulary.learnListeners(from: try client.receive(within: Self.patience))
            guard vocabulary.fields.isEmpty else { return }
            try client.send(Request(words: ["show", "sessions", "limit", "1"]))
            vocabulary.learnFields(from: try client.receive(within: Self.patience))
        } catch {
            // An answer that is late would be taken for that of the next command.
            close()
        }
    }

    /// `proxyd@mail1 PROD admin> `
    var prompt: String {
        guard client != nil else { return "proxyd (not connected)> " }
        return Self.prompt(greeting)
    }

    static func prompt(_ greeting: [Reply.Attribute]) -> String {
        func shown(_ name: String) -> String? {
            guard let value = greeting[name], value != Table.absent, !value.isEmpty else {
                return nil
            }
            let isControl = { (scalar: Unicode.Scalar) in
                scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            }
            return String(
                String.UnicodeScalarView(
                    value.unicodeScalars.prefix(64).map { isControl($0) ? "?" : $0 }))
        }
        let name = shown("host").map { "proxyd@\($0)" } ?? "proxyd"
        return [name, shown("environment"), shown("role")].compactMap { $0 }
            .joined(separator: " ") + "> "
    }
}
