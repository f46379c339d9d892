internal import Shared

/// What the server asks of the daemon that it belongs to.
protocol ScrapeSource: AnyObject {
    var topology: Topology { get }

    /// Logs an event of the server.
    func emit(_ event: Event)

    /// Makes a page; `finish` gets it later.
    func gatherMetrics(then finish: @escaping (MetricsText) -> Void)
}

/// Serves `GET /metrics` and `GET /healthz` and nothing else, beside the supervisor's loop.
///
/// That loop watches `descriptor` and then calls `resume`; `nextDeadline` and `meetDeadlines` are its clock.
/// Clients are strangers: there are few at once, each has little time, and a page is made at most once a
/// second, however many ask.
final class ScrapeServer: Timed {
    private let poller: Poller
    let socket: OpenedSocket
    let endpoint: Endpoint
    private var connections = SlotTable<ScrapeConnection>()
    private var deadlines = DeadlineQueue()
    private unowned var source: (any ScrapeSource)?
    private var page: (body: [UInt8], made: Instant)?
    private var isMaking = false
    /// Out of descriptors: when accepting is tried again.
    private var retryAt: Instant?

    /// Connections at once; a further one takes the place of the one that has kept us waiting for longest.
    static let mostConnections = 16
    private static let pageLife = Duration.seconds(1)

    init(
        _ settings: MetricsConfiguration.Listen, passed: InheritedSockets = InheritedSockets()
    ) throws(StartError) {
        let listener = ListenerConfiguration(
            name: "metrics", endpoint: settings.endpoint,
            settings: ListenerSettings(mode: settings.mode, backlog: 64))
        socket = try passed.open(
            listener, at: settings.endpoint, deadPeer: nil, for: "metrics")
        let bound = Socket.localEndpoint(socket.descriptor) ?? settings.endpoint
        endpoint = if case .unix = settings.endpoint { settings.endpoint } else { bound }
        do throws(SystemError) {
            poller = try Poller(eventsPerWait: 32)
            try poller.add(socket.descriptor.number, Token(.listener), .readable)
        } catch {
            socket.file?.remove()
            throw StartError(code: .system, message: "cannot serve metrics: \(error)")
        }
    }

    var descriptor: CInt { poller.number }
    var address: String { "\(endpoint)" }
    var count: Int { connections.count }

    func start(for source: any ScrapeSource) { self.source = source }

    func close() { socket.file?.remove() }

    // MARK: Events

    func resume(now: Instant) {
        for event in 0..<poller.wait(milliseconds: 0) {
            let (token, readiness) = poller[event]
            if token.kind == .listener {
                acceptAll(now: now)
            } else if let connection = connections[token] {
                connection.resume(readiness, now: now)
                update(connection, now: now)
            }
        }
    }

    private func acceptAll(now: Instant) {
        // So many at a time, that a flood of clients does not keep the supervisor.
        for _ in 0..<Self.mostConnections {
            do throws(SystemError) {
                guard let (number, _) = try Socket.accept(socket.descriptor.number) else { return }
                let client = FileDescriptor(owning: number)
                guard makeRoom() else { continue }
                try add(client, now: now)
            } catch {
                source?.emit(
                    Event(
                        .warning, .shortage, of: Event.Subject(kind: .metrics, name: address),
                        because: error.description,
                        line: "metrics at \(address) cannot accept for a second: \(error)"))
                poller.remove(socket.descriptor.number)
                retryAt = now.advanced(by: .seconds(1))
                return
            }
        }
    }

    /// Closes the oldest connection whose request is not complete, or whose reply is not read.
    private func makeRoom() -> Bool {
        guard connections.count >= Self.mostConnections else { return true }
        var oldest: ScrapeConnection?
        for slot in 0..<connections.slotCount {
            guard let connection = connections[slot: slot],
                connection.phase == .reading || connection.phase == .leaving
            else { continue }
            if let present = oldest, present.due <= connection.due { continue }
            oldest = connection
        }
        guard let oldest else { return false }
        remove(oldest)
        return true
    }

    private func add(_ socket: consuming FileDescriptor, now: Instant) throws(SystemError) {
        let number = socket.release()
        let connection = connections.insert { slot, generation in
            ScrapeConnection(
                FileDescriptor(owning: number),
                token: Token(.client, slot: slot, generation: generation), now: now)
        }
        do throws(SystemError) {
            try poller.add(number, connection.token, connection.interest)
        } catch {
            connections.remove(slot: connection.token.slot)
            throw error
        }
        deadlines.schedule(slot: connection.token.slot, at: connection.due)
    }

    private func remove(_ connection: ScrapeConnection) {
        deadlines.cancel(slot: connection.token.slot)
        connections.remove(slot: connection.token.slot)
    }

    private func update(_ connection: ScrapeConnection, now: Instant) {
        if connection.phase == .waiting, let head = connection.head {
            serve(head, to: connection, now: now)
        }
        guard connection.phase != .closed else { return remove(connection) }
        deadlines.schedule(slot: connection.token.slot, at: connection.due)
        guard connection.interest != connection.watchedInterest else { return }
        connection.watchedInterest = connection.interest
        try? poller.modify(connection.number, connection.token, connection.interest)
    }

    // MARK: Pages

    private func serve(_ head: HTTPRequestHead, to connection: ScrapeConnection, now: Instant) {
        switch head.path {
        case "/metrics": serveMetrics(to: connection, now: now)
        case "/healthz":
            let isUsable = source?.topology.services.contains { $0.isUsable(now: now) } ?? false
            let text = isUsable ? "ok\n" : "no channel is usable\n"
            connection.answer(
                HTTPAnswer(isUsable ? .ok : .unavailable, body: Array(text.utf8)), now: now)
        default:
            connection.answer(
                HTTPAnswer(.notFound, body: Array("there are /metrics and /healthz\n".utf8)),
                now: now)
        }
    }

    private func serveMetrics(to connection: ScrapeConnection, now: Instant) {
        if let page, page.made.advanced(by: Self.pageLife) > now {
            return connection.answer(Self.answer(page.body), now: now)
        }
        guard !isMaking, let source else { return }
        isMaking = true
        // Everybody who asks until the workers have answered gets the same page.
        source.gatherMetrics { [weak self] text in self?.deliver(text.body.bytes) }
    }

    private func deliver(_ body: [UInt8]) {
        let now = Instant.now
        isMaking = false
        page = (body, now)
        for slot in 0..<connections.slotCount {
            guard let connection = connections[slot: slot], connection.phase == .waiting else {
                continue
            }
            connection.answer(Self.answer(body), now: now)
            update(connection, now: now)
        }
    }

    private static func answer(_ body: [UInt8]) -> HTTPAnswer {
        HTTPAnswer(.ok, type: "text/plain; version=0.0.4; charset=utf-8", body: body)
    }

    // MARK: Time

    var nextDeadline: Instant? {
        guard let retryAt else { return deadlines.next }
        return min(deadlines.next ?? retryAt, retryAt)
    }

    func meetDeadlines(now: Instant) {
        if let retryAt, retryAt <= now {
            do throws(SystemError) {
                try poller.add(socket.descriptor.number, Token(.listener), .readable)
                self.retryAt = nil
            } catch {
                self.retryAt = now.advanced(by: .seconds(1))
            }
        }
        while let slot = deadlines.popExpired(now: now) {
            guard let connection = connections[slot: slot] else { continue }
            connection.deadlineCame(now: now)
            update(connection, now: now)
        }
    }
}
