internal import Glibc
internal import Shared

/// Listening sockets that were open before us: those of a service manager (sd_listen_fds(3)), and those of the
/// process whose place we take. Each is taken up by whatever has its address; what has none opens a socket of
/// its own.
///
/// A service manager keeps its own hold of them: what we close goes on listening. So they are kept, too, and
/// a listener that closes and opens again gets the same one.
final class InheritedSockets {
    struct Entry {
        let endpoint: Endpoint
        /// What the service manager calls it; empty when it has no name.
        let name: String
        let socket: OpenedSocket
        var isTaken = false
        /// The path of the listener that had it, or what else did.
        var owner: String?
        /// As that had it in the configuration.
        var asked: Endpoint?
        /// Its place in the file system, which becomes ours with it.
        var file: String?
        /// The service manager has its own hold of it.
        var isKept = true
    }

    private(set) var entries: [Entry] = []
    /// Listeners that refuse clients at this time, and where they were.
    private var closed: [String: (asked: Endpoint, bound: Endpoint)] = [:]
    /// Taken from the process before us, whose files they are until it has gone.
    private var adopted: [(socket: OpenedSocket, file: String)] = []

    /// Set for us alone; programs that we start must not see them.
    static let variables = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"]
    /// The first of them (sd_listen_fds(3), SD_LISTEN_FDS_START).
    private static let firstNumber: CInt = 3

    /// Of those that a service manager has passed.
    private(set) var passedNumbers: [CInt] = []

    init() {}

    /// The numbers that must stay open.
    var numbers: [CInt] { entries.map { $0.socket.descriptor.number } }

    /// Takes the sockets that the variables name, if they are meant for this process. Nothing else may have been
    /// opened yet, as the numbers may be wrong.
    init(environment: [String: String], pid: Int32) throws(StartError) {
        guard environment["LISTEN_PID"] == String(pid), let word = environment["LISTEN_FDS"] else {
            return
        }
        guard let count = CInt(word), (0...4096).contains(count) else {
            throw Self.mistake("LISTEN_FDS: invalid number of sockets “\(word.prefix(40))”")
        }
        let names =
            environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false)
            .map(String.init) ?? []
        for index in 0..<count {
            let name = Int(index) < names.count ? names[Int(index)] : ""
            try add(number: Self.firstNumber + index, name: name)
        }
        passedNumbers = numbers
    }

    private func add(number: CInt, name: String) throws(StartError) {
        let what = "descriptor \(number)" + (name.isEmpty ? "" : " (\(name))")
        guard fcntl(number, F_GETFD) >= 0 else {
            throw Self.mistake("it has passed \(what), which is not open")
        }
        let descriptor = FileDescriptor(owning: number)
        guard Socket.isListening(descriptor), let endpoint = Socket.localEndpoint(descriptor) else {
            throw Self.mistake(
                "it has passed \(what), which is not a listening stream socket; "
                    + "write it as ListenStream=, and Accept=no")
        }
        do throws(SystemError) {
            let socket = try OpenedSocket(adopting: descriptor)
            entries.append(Entry(endpoint: endpoint, name: name, socket: socket))
        } catch {
            throw Self.mistake("it has passed \(what), which cannot be used: \(error)")
        }
    }

    /// Takes a socket of the process before us.
    func add(_ entry: Entry) { entries.append(entry) }

    /// A listener of the process before us that refuses clients at this time, and where it was.
    func addClosed(_ listener: String, asked: Endpoint, bound: Endpoint) {
        closed[listener] = (asked, bound)
    }

    /// What we have taken is ours alone from now on, with its place in the file system.
    func ownFiles() {
        for (socket, file) in adopted { socket.own(UnixSocketFile(adopting: file)) }
        adopted = []
        closed = [:]
    }

    /// Another process has them all.
    func forgetAll() {
        entries = []
        closed = [:]
    }

    /// Where the listener was, which refuses clients at this time; nil: it does not.
    func closedPlace(of listener: String, asking endpoint: Endpoint) -> Endpoint? {
        closed[listener].flatMap { $0.asked == endpoint ? $0.bound : nil }
    }

    private static func mistake(_ problem: String) -> StartError {
        StartError(code: .configuration, message: "the service manager's sockets: \(problem)")
    }

    // MARK: Taking up

    /// The socket that its owner had before, or one with this address; nil when there is none.
    func take(
        _ settings: ListenerConfiguration, at endpoint: Endpoint, deadPeer: Duration?,
        for owner: String? = nil
    ) throws(StartError) -> OpenedSocket? {
        let own = entries.firstIndex {
            owner != nil && $0.owner == owner && $0.asked == settings.endpoint
        }
        let place = own ?? entries.firstIndex { $0.isKept && $0.endpoint == endpoint }
        guard let index = place else { return nil }
        let socket = entries[index].socket
        do throws(SystemError) {
            try socket.take(settings, deadPeer: deadPeer)
        } catch {
            throw StartError(
                code: .system, message: "cannot use the passed socket of \(endpoint): \(error)")
        }
        guard !entries[index].isKept else {
            entries[index].isTaken = true
            return socket
        }
        // The listener now owns it and closes it for good.
        if let file = entries.remove(at: index).file { adopted.append((socket, file)) }
        return socket
    }

    /// The socket with this address, or a new one.
    func open(
        _ settings: ListenerConfiguration, at endpoint: Endpoint, deadPeer: Duration?,
        for owner: String? = nil, sharesPort: Bool = false
    ) throws(StartError) -> OpenedSocket {
        if let socket = try take(settings, at: endpoint, deadPeer: deadPeer, for: owner) {
            return socket
        }
        return try OpenedSocket(
            listening: settings, at: endpoint, deadPeer: deadPeer, sharesPort: sharesPort)
    }

    /// Closes those that match no listener.
    ///
    /// - Returns: their addresses, with the names that the service manager has for them.
    func closeRest() -> [String] {
        let rest = entries.filter { !$0.isTaken && $0.isKept }
        // Of the process before us: another configuration has no use for them.
        for entry in entries where !entry.isKept {
            if let file = entry.file { UnixSocketFile(adopting: file).remove() }
        }
        entries.removeAll { !$0.isTaken }
        return rest.map { $0.name.isEmpty ? "\($0.endpoint)" : "\($0.endpoint) (\($0.name))" }
    }
}
