internal import Glibc
internal import Shared

/// Sends commands to a daemon and prints its replies.
struct ControlDialogue: ~Copyable {
    private var client: ControlClient
    private let format: ReplyFormat

    init(socket: String?, format: ReplyFormat) throws(ControlFailure) {
        let path: String
        if let socket { path = socket } else { path = try ControlSockets.onlyOne() }
        client = try ControlClient(path: path)
        self.format = format
    }

    /// One command, and its one reply or its stream of them.
    mutating func run(_ words: [String]) throws(ControlFailure) -> ExitStatus {
        let dump = DumpOutput(words, format)
        try dump?.check()
        try client.send(Request(words: words))
        if let dump { return try follow(dump) }
        var status = show(try client.receive(), to: words)
        guard status == .good, Self.streams(words) else { return status }
        while status == .good {
            let reply: Reply
            do throws(ControlFailure) {
                reply = try client.receive(within: nil)
            } catch .closed {
                return .good
            }
            if format == .people { print("") }
            status = show(reply, to: words)
            // A dump says when it is over.
            if case .ok(let attributes, _) = reply, attributes["end"] != nil { break }
        }
        return status
    }

    /// Shows a dump until its end, or until nobody reads it any more.
    private mutating func follow(_ dump: DumpOutput) throws(ControlFailure) -> ExitStatus {
        while true {
            switch try client.receive(within: nil) {
            case .ok(let attributes, let lines):
                guard try dump.write(lines, attributes) else { return .good }
            case .error(let code, let message):
                StandardError.write("proxyd: \(code.rawValue): \(message)\n")
                return code.status
            }
        }
    }

    /// A command per line of standard input; the first failure decides how we end.
    mutating func runStandardInput() throws(ControlFailure) -> ExitStatus {
        var status = ExitStatus.good
        while let line = readLine() {
            let words: [String]
            do throws(Request.Mistake) {
                words = try Request(line: Array(line.utf8)).words
            } catch {
                throw .usage(error.description)
            }
            guard !words.isEmpty else { continue }
            let result = try run(words)
            if status == .good { status = result }
        }
        return status
    }

    private static func streams(_ words: [String]) -> Bool {
        words.first == "watch" || words.prefix(2) == ["events", "follow"]
            || words.first == "dump"
    }

    private func show(_ reply: Reply, to words: [String]) -> ExitStatus {
        switch reply {
        case .ok(let attributes, let lines):
            let isTable = ReplyFormat.isTable(words, lines: lines)
            print(format.text(lines, attributes, isTable: isTable), terminator: "")
            // A pipe is read while we wait for the next reply.
            _ = fflush(nil)
            return .good
        case .error(let code, let message):
            StandardError.write("proxyd: \(code.rawValue): \(message)\n")
            return code.status
        }
    }
}

extension Reply.ErrorCode {
    /// What `proxyd ctl` exits with.
    var status: ExitStatus {
        switch self {
        case .usage, .unknown: .usage
        case .notFound, .invalid: .data
        case .forbidden: .noPermission
        case .conflict, .busy: .temporary
        case .internal: .software
        }
    }
}
