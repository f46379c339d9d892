internal import Glibc
internal import Shared

/// What a session has tried to reach a channel.
struct ConnectAttempts {
    /// When the present one began.
    var began: Instant
    /// When the channel had accepted.
    var connectedAt = Instant.zero
    /// Channels that failed, by their serials.
    var tried: [UInt64] = []
    /// How many connects to channels have failed, and how long all of them took, since it waited last.
    var failures = 0
    var failing = Duration.zero
    /// When one of them failed last.
    var failedAt = Instant.zero
    /// Of the channel being connected to: a name may have several.
    var addressesLeft = 0
    /// Its addresses that have failed.
    var failedAddresses: [Endpoint] = []
    /// Where it was connected to last.
    var address: Endpoint?
    /// A Unix channel whose backlog is full is tried again then; nil: it is not.
    var retryAt: Instant?
    var retryInterval = Duration.milliseconds(1)
    /// Of the channel's election, when it was chosen.
    var term: PrimaryState.Term?
    /// The service had no slot for it (`max-sessions`).
    var lacksServiceSlot = false
    /// How far elections were when it last chose.
    var electionRevision: UInt64 = 0

    init(began: Instant) { self.began = began }

    /// How long the present one may take.
    func time(_ timeouts: Timeouts) -> Duration {
        guard let total = timeouts.connectTotal, failures > 0 || failing > .zero else {
            return timeouts.connect
        }
        return max(.zero, min(timeouts.connect, total - failing))
    }

    func deadline(_ timeouts: Timeouts) -> Instant { began.advanced(by: time(timeouts)) }

    /// Whether no further channel is tried for this client.
    func areOver(_ view: ServiceView) -> Bool {
        guard failures > 0 || failing > .zero else { return false }
        return failures >= view.settings.tries ?? .max || time(view.timeouts) == .zero
    }

    /// Channels that failed may be tried again.
    mutating func forgetFailures() {
        tried = []
        (failures, failing) = (0, .zero)
    }
}

/// 4. Connecting: to the channel's addresses in turn, with a proxy header and TLS where the channel wants them.
extension Session {
    mutating func connect(to channel: Channel, on worker: Worker) -> SessionLife.Action {
        attempts.term = channel.primaryState?.term
        let view = channel.view(for: worker.index)
        attempts.addressesLeft = view.addresses.count
        attempts.failedAddresses = []
        if case .unix = view.settings.endpoint { flows[from: .channel].mayStopShort = true }
        return connectToNextAddress(of: channel, on: worker)
    }

    private mutating func connectToNextAddress(
        of channel: Channel, on worker: Worker
    ) -> SessionLife.Action {
        attempts.began = worker.now
        let view = channel.view(for: worker.index)
        worker.deadlines.schedule(slot: slot, at: attempts.deadline(serviceView.timeouts))
        guard
            let address = channel.turns.next(
                of: view.addresses, excluding: attempts.failedAddresses, now: worker.now)
        else {
            return connectFailed(.unreachable, on: worker)
        }
        attempts.address = address.endpoint
        if isTraced { trace(.connecting(attempts.address), on: worker) }
        if let endpoint = attempts.address, worker.leads(from: endpoint, backTo: listener) {
            return connectFailed(
                .loop, words: "\(endpoint) leads back to \(listener.endpoint)", on: worker)
        }
        attempts.retryInterval = .milliseconds(1)
        return connect(to: address, of: channel, on: worker)
    }

    private mutating func connect(
        to address: SocketAddress, of channel: Channel, on worker: Worker
    ) -> SessionLife.Action {
        let (timeouts, view) = (serviceView.timeouts, channel.view(for: worker.index))
        attempts.retryAt = nil
        do {
            let deferred = deferrable(view, timeouts, address)
            let socket = try ChannelSocket.connect(
                to: address, deadPeer: timeouts.deadPeer,
                binding: view.outbound?.binding(to: address, for: client), deferring: deferred)
            flows[into: .channel].sinkNeedsNoDelay = deferred.contains(.noDelay)
            needsKeepAlive = deferred.contains(.keepAlive)
            let isConnected = socket.isConnected
            channelSocket = socket.takeDescriptor()
            try worker.poller.add(
                channelSocket.number, token(.channel),
                [.readable, .writable, .readEnd, .urgent, .edge])
            return isConnected ? reached(channel, on: worker) : .none
        } catch  where address.family == AF_UNIX && error.number == EAGAIN {
            return awaitBacklog(on: worker)
        } catch {
            return connectFailed(
                .init(connectError: error), errno: error.number, on: worker)
        }
    }

    /// The options that most sessions are over without: each is a system call less.
    private mutating func deferrable(
        _ view: ChannelView, _ timeouts: Timeouts, _ address: SocketAddress
    ) -> ConnectionOptions.Deferred {
        guard address.family != AF_UNIX else { return [] }
        var deferred: ConnectionOptions.Deferred = []
        // Where we say something of our own first, the client's bytes are the second write.
        if view.tls == nil, view.outbound?.proxyProtocol == nil { deferred.insert(.noDelay) }
        // It is set when the deadline of the connect comes.
        if timeouts.connect <= Self.longestWithoutKeepAlive { deferred.insert(.keepAlive) }
        return deferred
    }

    private static var longestWithoutKeepAlive: Duration { .seconds(60) }

    mutating func setDeferredOptions() {
        setKeepAlive()
        flows[into: .channel].setNoDelay(on: channelSocket.number)
    }

    /// The session lives on.
    mutating func setKeepAlive() {
        guard needsKeepAlive, channelSocket.number >= 0 else { return }
        needsKeepAlive = false
        // It fails only on a connection that has broken.
        try? Socket.set(.keepAlive, to: 1, on: channelSocket)
    }

    /// A Unix channel is busy: its backlog is full (connect(2), EAGAIN), and no event comes when it has room again.
    private mutating func awaitBacklog(on worker: Worker) -> SessionLife.Action {
        let until = attempts.deadline(serviceView.timeouts)
        let next = worker.now.advanced(by: attempts.retryInterval)
        attempts.retryInterval = min(attempts.retryInterval * 2, .milliseconds(100))
        attempts.retryAt = min(next, until)
        worker.deadlines.schedule(slot: slot, at: min(next, until))
        return .none
    }

    /// The time for a connect is over, or a busy channel is tried again.
    mutating func connectDeadlineCame(on worker: Worker) {
        guard attempts.retryAt != nil, let channel,
            worker.now < attempts.deadline(serviceView.timeouts),
            let address = attempts.address.flatMap({ SocketAddress($0) })
        else { return perform(connectFailed(.timeout, on: worker), on: worker) }
        perform(connect(to: address, of: channel, on: worker), on: worker)
    }

    mutating func resumeConnecting(_ readiness: Readiness, on worker: Worker) {
        guard let channel, channelSocket.number >= 0 else { return }
        if !readiness.isDisjoint(with: [.error, .hangUp]) {
            let number = Socket.pendingError(channelSocket)
            if number != 0 {
                let action = connectFailed(
                    .init(connectError: number), errno: number, on: worker)
                return perform(action, on: worker)
            }
        }
        if channelTLS != nil {
            perform(shakeHands(with: channel, on: worker), on: worker)
        } else if readiness.contains(.writable) {
            guard !ChannelSocket.meetsItself(channelSocket, at: attempts.address) else {
                let action = connectFailed(.refused, errno: ECONNREFUSED, on: worker)
                return perform(action, on: worker)
            }
            perform(reached(channel, on: worker), on: worker)
        }
    }

    /// The channel has accepted: what it has to be told, and to show, before it gets the session.
    private mutating func reached(_ channel: Channel, on worker: Worker) -> SessionLife.Action {
        let view = channel.view(for: worker.index)
        if let form = view.outbound?.proxyProtocol, let number = sendProxyHeader(form) {
            return connectFailed(.init(streamError: number), errno: number, on: worker)
        }
        guard let client = view.tls else { return connected(to: channel, on: worker) }
        do throws(TLSError) {
            channelTLS = try client.connection(
                on: channelSocket.number, serverName: header?.details.serverName,
                alpn: header?.details.alpn)
        } catch {
            return connectFailed(.memory, on: worker)
        }
        return shakeHands(with: channel, on: worker)
    }

    /// Tells the channel of the client, in front of everything else.
    ///
    /// - Returns: the kernel's reason why that is not possible; nil: it is sent.
    private func sendProxyHeader(_ form: ProxyProtocolOut) -> CInt? {
        let destination = clientDestination ?? listener.endpoint
        var details = header?.details ?? ClientDetails()
        if details.uniqueID == nil, form.options.contains(.uniqueID) {
            let started = String(started.nanoseconds, radix: 16)
            details.uniqueID = Array("\(started)-\(id)".utf8)
        }
        let header = ProxyHeader(
            addresses: .init(source: client, destination: destination), details: details)
        // A connection that has just been made has room for far more.
        let bytes = header.bytes(form)
        switch Socket.send(channelSocket.number, bytes[...]) {
        case .moved(bytes.count): return nil
        case .failed(let number): return number
        case .moved, .wouldBlock, .endOfStream: return ENOBUFS
        }
    }

    private mutating func shakeHands(
        with channel: Channel, on worker: Worker
    ) -> SessionLife.Action {
        guard let tls = channelTLS else { return .none }
        switch tls.shakeHands() {
        case .done:
            if isTraced {
                trace(
                    .handshakeDone(.channel, "\(tls.version) \(tls.cipher)", tls.isResumed),
                    on: worker)
            }
            flows[from: .channel].receive(through: tls)
            flows[into: .channel].send(through: tls)
            return connected(to: channel, on: worker)
        case .waits: return .none
        case .gone(0): return connectFailed(.closed, on: worker)
        case .gone(let number):
            return connectFailed(.init(streamError: number), errno: number, on: worker)
        case .failed(let failure):
            if isTraced { trace(.insecure(.channel, failure.words), on: worker) }
            return connectFailed(
                failure.isCertificate ? .certificate : .tls, words: failure.words, on: worker)
        }
    }

    private mutating func connected(
        to channel: Channel, on worker: Worker
    ) -> SessionLife.Action {
        channel.counters[worker.index].addSession()
        holdings.place(on: worker, since: started)
        let connectTime = worker.now.elapsed(since: attempts.began)
        worker.recordConnect(to: channel, nanoseconds: connectTime)
        channel.timings[worker.index].connect.record(nanoseconds: connectTime)
        attempts.connectedAt = worker.now
        attempts.forgetFailures()
        if let address = attempts.address {
            channel.turns.note(address, isGood: true, now: worker.now)
        }
        flows.begin(now: worker.now)
        worker.offerToTaps(&self)
        if let tap = flows.tap { tap.record(.began(tapFacts), at: worker.now) }
        if isTraced { trace(.connected(connectTime), on: worker) }
        worker.logStart(of: &self)
        return life.handle(.connected)
    }

    /// `errno` is the kernel's reason, 0 when it gave none.
    /// `words` say more where it was not the kernel.
    mutating func connectFailed(
        _ cause: EndReason.Cause, errno: CInt = 0, words: String? = nil, on worker: Worker
    ) -> SessionLife.Action {
        if isTraced { trace(.connectFailed(cause, errno: errno), on: worker) }
        channelTLS = nil
        channelSocket = FileDescriptor.none
        flows[from: .channel].isReadable = false
        flows[from: .channel].endFollows = false
        attempts.addressesLeft -= 1
        attempts.failing += .nanoseconds(Int(clamping: worker.now.elapsed(since: attempts.began)))
        // A channel that is alive and busy gets no grace time.
        let isBusy = attempts.retryAt != nil
        attempts.retryAt = nil
        if let channel {
            noteFailedAddress(of: channel, cause, on: worker)
            if attempts.addressesLeft > 0, !cause.isShortage,
                attempts.time(serviceView.timeouts) > .zero
            {
                return connectToNextAddress(of: channel, on: worker)
            }
            // A primary that was elected again meanwhile is tried again: the election has seen it work.
            if channel.primaryState == nil || cause.isShortage {
                attempts.tried.append(channel.serial)
            }
            attempts.failures += 1
            attempts.failedAt = worker.now
            holdings.releaseChannel()
            worker.share.wakeNext(of: service)
            if !cause.isShortage {
                channel.counters[worker.index].addFailure()
                channel.errors.record(cause.rawValue, words, errno: errno, now: worker.now)
                if !isBusy {
                    worker.report(failureOf: channel, cause, of: service, in: attempts.term)
                }
            }
        }
        return life.handle(.connectFailed(cause))
    }

    /// The next clients pass over an address that has failed, while others of its name work.
    private mutating func noteFailedAddress(
        of channel: Channel, _ cause: EndReason.Cause, on worker: Worker
    ) {
        guard !cause.isShortage, let address = attempts.address,
            channel.view(for: worker.index).addresses.count > 1
        else { return }
        attempts.failedAddresses.append(address)
        channel.turns.note(address, isGood: false, now: worker.now)
    }
}
