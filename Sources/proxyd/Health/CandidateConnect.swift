internal import Glibc
internal import Shared

/// The connect to a candidate of an election that is under way, or none: to one address of the channel after
/// the other, as a name may have several.
struct CandidateConnect: ~Copyable {
    enum Result {
        case connected
        /// It is under way.
        case waiting
        /// No address would do; the reason is that of the last one.
        case failed(String)
    }

    private var socket = FileDescriptor.none
    /// Tells this connect's event from one that was given up.
    private var number: UInt32 = 0
    private var isWatched = false
    /// When it has taken too long.
    private var due: Instant?
    /// The candidate's Unix socket was busy: when it is tried again, and until when.
    private var retryAt: Instant?
    private var busyUntil: Instant?
    private var addressesLeft = 0
    /// Those that have failed, and the one that is tried now.
    private var tried: [Endpoint] = []

    mutating func start(to channel: Channel, within timeout: Duration) -> Result {
        addressesLeft = channel.addressCount
        tried = []
        busyUntil = nil
        return connectNext(to: channel, within: timeout)
    }

    /// Whether an event is of the connect that is under way.
    func isExpected(_ token: Token) -> Bool { token.generation == number && due != nil }

    /// There is an event.
    mutating func resume(to channel: Channel, within timeout: Duration) -> Result {
        let error = ChannelSocket.connectError(socket)
        guard error == 0 else {
            return fail(SystemError.words(for: error), channel, within: timeout)
        }
        end()
        return .connected
    }

    var nextDeadline: Instant? { due ?? retryAt }

    /// It has taken too long, or a busy socket is tried again.
    mutating func meetDeadline(of channel: Channel, within timeout: Duration) -> Result {
        guard retryAt != nil else { return fail("timeout", channel, within: timeout) }
        (tried, addressesLeft) = ([], 1)
        return connectNext(to: channel, within: timeout)
    }

    private mutating func connectNext(to channel: Channel, within timeout: Duration) -> Result {
        end()
        addressesLeft -= 1
        do throws(SystemError) {
            guard
                let address = channel.turns.next(
                    of: channel.view.addresses, excluding: tried, now: .now)
            else { throw SystemError("connect", EHOSTUNREACH) }
            if let endpoint = address.endpoint { tried.append(endpoint) }
            let started = try ChannelSocket.connect(
                to: address, deadPeer: nil,
                binding: channel.outbound?.binding(to: address, for: .unix(path: "")))
            // That it has accepted is all that is wanted of this connection.
            if started.isConnected { return .connected }
            socket = started.takeDescriptor()
            number &+= 1
            due = Instant.now.advanced(by: timeout)
            return .waiting
        } catch {
            let now = Instant.now
            let until = busyUntil ?? now.advanced(by: timeout)
            if error.number == EAGAIN, channel.endpoint.isUnix, now < until {
                // Its backlog is full, and no event comes when it has room again.
                busyUntil = until
                retryAt = now.advanced(by: .milliseconds(50))
                return .waiting
            }
            return fail(SystemError.words(for: error.number), channel, within: timeout)
        }
    }

    private mutating func fail(
        _ why: String, _ channel: Channel, within timeout: Duration
    ) -> Result {
        end()
        if channel.addressCount > 1, let address = tried.last {
            channel.turns.note(address, isGood: false, now: .now)
        }
        return addressesLeft > 0 ? connectNext(to: channel, within: timeout) : .failed(why)
    }

    /// Watches a connect that has begun. What cannot be watched ends with its time.
    mutating func watch(with poller: borrowing Poller, group: Int) throws(SystemError) {
        guard due != nil, !isWatched, socket.number >= 0 else { return }
        isWatched = true
        try poller.add(
            socket.number, Token(.elections, slot: group, generation: number), .writable)
    }

    mutating func end() {
        socket = FileDescriptor.none
        (due, retryAt) = (nil, nil)
        isWatched = false
    }
}
