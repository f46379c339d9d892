internal import Shared

/// What has to come from a client before a channel is chosen for it. Most clients have none.
///
/// What it has sent stays in its socket, so that a channel gets all of it.
struct Preread: Equatable, Sendable {
    enum Stage: Equatable, Sendable {
        /// It is denied, and may wait for an answer that does not come (`tarpit`).
        case tarpitted
        /// It speaks TLS, and has not agreed with us yet.
        case handshake
        /// It could not agree with us, and may read why.
        case lingeringClose(EndReason.Cause)
        /// A proxy's header has to be there; with fewer bytes than these there is nothing to look at.
        case header(needs: Int)
        /// What it says first has to be enough to say where it goes; with fewer bytes than these there is
        /// nothing to look at.
        case routing(needs: Int)
        /// So many bytes have to be there (`wait-for-bytes`).
        case bytes(Int)
    }

    var stage: Stage
    /// When it has taken too long; nil: never.
    var until: Instant?
    /// Since when it is silent.
    var heard: Instant

    /// When it must be looked at if nothing happens: silence counts as it does later on.
    func deadline(idle: Duration?) -> Instant? {
        switch stage {
        case .tarpitted, .handshake, .lingeringClose: return until
        case .header, .routing, .bytes: break
        }
        guard let idle else { return until }
        let silence = heard.advanced(by: idle)
        return until.map { min($0, silence) } ?? silence
    }
}

/// 2. Preread: a proxy's header, the client's TLS handshake, its first bytes, and where they lead.
extension Session {
    mutating func expect(_ stage: Preread.Stage, on worker: Worker) -> SessionLife.Action {
        let until = serviceView.timeouts.clientHello.map { worker.now.advanced(by: $0) }
        return expect(stage, until: until, on: worker)
    }

    /// What has come of it already is looked at at once; the rest comes with events, as the socket is
    /// watched.
    mutating func expect(
        _ stage: Preread.Stage, until: Instant?, on worker: Worker
    ) -> SessionLife.Action {
        let isFirst = preread == nil
        preread = Preread(stage: stage, until: preread?.until ?? until, heard: worker.now)
        if stage == .tarpitted { preread?.until = until }
        _ = life.handle(.prereadBegan)
        if let deadline { worker.deadlines.schedule(slot: slot, at: deadline) }
        return isFirst ? .none : look(on: worker)
    }

    /// Something has come from the client, or it has gone.
    mutating func resumePreread(_ readiness: Readiness, on worker: Worker) {
        guard let stage = preread?.stage else { return }
        if !readiness.isDisjoint(with: [.error, .hangUp]) {
            let end = stage.endOfRefused ?? .broke(.client, .reset)
            return perform(life.handle(end), on: worker)
        }
        preread?.heard = worker.now
        perform(look(on: worker), on: worker)
    }

    /// It has taken too long, or was kept waiting for long enough.
    mutating func prereadTimedOut(on worker: Worker) {
        let end = preread?.stage.endOfRefused ?? .prereadTimedOut
        ClientBytes.discard(clientSocket)
        perform(life.handle(end), on: worker)
    }

    /// Sees whether what it has sent is enough.
    private mutating func look(on worker: Worker) -> SessionLife.Action {
        switch preread?.stage {
        case nil: return .none
        case .header(let needs):
            return has(needs, on: worker) ? readHeader(on: worker) : awaitMore()
        case .tarpitted:
            guard flows[from: .client].endFollows else { return .none }
            return life.handle(.rejected(.denied, resetting: .neither))
        case .handshake: return shakeHandsWithClient(on: worker)
        case .lingeringClose(let cause): return lingeringClose(cause, on: worker)
        case .bytes(let count):
            return has(count, on: worker) ? route(on: worker) : awaitMore()
        case .routing(let needs):
            return has(needs, on: worker) ? readRoute(on: worker) : awaitMore()
        }
    }

    private mutating func has(_ count: Int, on worker: Worker) -> Bool {
        if let clientTLS { return decryptFirstBytes(clientTLS, on: worker) >= count }
        return ClientBytes.count(clientSocket) ?? count >= count
    }

    /// There is too little so far.
    private mutating func awaitMore() -> SessionLife.Action {
        guard flows[from: .client].endFollows else { return .none }
        ClientBytes.discard(clientSocket)
        return life.handle(.closedEarly)
    }

    // MARK: A proxy's header

    private mutating func readHeader(on worker: Worker) -> SessionLife.Action {
        guard let bytes = ClientBytes.peek(clientSocket, atMost: ProxyHeader.mostBytes) else {
            return awaitMore()
        }
        switch ProxyHeader.read(bytes) {
        case .incomplete(let needs):
            preread?.stage = .header(needs: max(needs, bytes.count + 1))
            return awaitMore()
        case .malformed(let problem):
            if isTraced { trace(.nonsense(problem), on: worker) }
            return life.handle(.protocolError(.proxyHeader))
        case .complete(let header, let length):
            guard ClientBytes.take(clientSocket, length) else {
                return life.handle(.broke(.client, .other))
            }
            self.header = header
            if let source = header.addresses?.source { client = source }
            if isTraced { trace(.proxyHeader(client), on: worker) }
            return admit(on: worker)
        }
    }

    // MARK: The client's TLS handshake

    /// Goes on with it as far as it can. Nothing is spent on a client that says nothing.
    private mutating func shakeHandsWithClient(on worker: Worker) -> SessionLife.Action {
        guard let tls = clientTLS else { return beginHandshake(on: worker) }
        switch tls.shakeHands() {
        case .done:
            note(agreed: tls, on: worker)
            // Many clients wait for that before they send a second small packet (Nagle).
            if !tls.hasSpokenLast { ChannelSocket.acknowledge(clientSocket) }
            return handshakeDone(on: worker)
        case .waits(let forRoom):
            if forRoom { watchClientForWrites(on: worker) }
            return .none
        case .gone(0): return life.handle(.closedEarly)
        case .gone(let number):
            return life.handle(.broke(.client, .init(streamError: number)))
        case .failed(let failure):
            if isTraced { trace(.insecure(.client, failure.words), on: worker) }
            worker.reportHandshakeFailure(of: client, at: listener, failure.words)
            return beginLingeringClose(failure.isCertificate ? .certificate : .tls, on: worker)
        }
    }

    private mutating func beginHandshake(on worker: Worker) -> SessionLife.Action {
        guard ClientBytes.count(clientSocket) ?? 1 > 0 else { return awaitMore() }
        do throws(TLSError) {
            let holder = HandshakeTable.Holder(worker: worker.index, token: token(.client))
            guard
                let (tls, evicted) = try listenerView.tls?.connection(
                    on: clientSocket.number, from: client, for: holder)
            else { return life.handle(.rejected(.overload, resetting: .neither)) }
            if let evicted {
                worker.share.workers[evicted.worker].mailbox.post(.dropHandshake(evicted.token))
            }
            if flows[from: .client].endFollows || flows[from: .client].hasUrgent {
                tls.noteReadable(isUnsure: true)
            }
            clientTLS = tls
        } catch {
            return life.handle(.rejected(.memory, resetting: .neither))
        }
        return shakeHandsWithClient(on: worker)
    }

    /// What was agreed on goes into logs, and on to the channel.
    private mutating func note(agreed tls: TLSConnection, on worker: Worker) {
        var header = header ?? ProxyHeader()
        var details = ClientDetails.TLSDetails()
        (details.version, details.cipher) = (tls.version, tls.cipher)
        if let subject = tls.subject {
            // One that is not good has ended the handshake.
            (details.hasCertificate, details.isVerified) = (true, true)
            details.subject = PlainText.cleaned(subject.whole)
            details.commonName = PlainText.cleaned(subject.commonName)
        }
        header.details.tls = details
        header.details.serverName = tls.serverName
        header.details.alpn = tls.alpn
        self.header = header
        if isTraced {
            trace(
                .handshakeDone(.client, "\(tls.version) \(tls.cipher)", tls.isResumed), on: worker)
        }
    }

    /// What comes from now on is confidential: what it has to send now.
    private mutating func handshakeDone(on worker: Worker) -> SessionLife.Action {
        let until = serviceView.timeouts.clientHello.map { worker.now.advanced(by: $0) }
        let count = listenerView.waitForBytes
        preread = Preread(stage: .bytes(count), until: until, heard: worker.now)
        if let deadline { worker.deadlines.schedule(slot: slot, at: deadline) }
        return count > 0 ? look(on: worker) : route(on: worker)
    }

    /// A newcomer has got its place among the handshakes, unless it has agreed with us meanwhile.
    mutating func dropHandshake(on worker: Worker) {
        guard let tls = clientTLS, !tls.isHandshakeDone, preread?.stage == .handshake else {
            return
        }
        perform(life.handle(.rejected(.overload, resetting: .neither)), on: worker)
    }

    /// The handshake has failed, and the client has got the reason. A close with bytes unread would be a reset, and
    /// the alert might never be read; so it may go first.
    private mutating func beginLingeringClose(
        _ cause: EndReason.Cause, on worker: Worker
    ) -> SessionLife.Action {
        // Its place among the handshakes is another one's.
        clientTLS = nil
        Socket.shutDownWrites(clientSocket)
        let until = worker.now.advanced(by: Self.longestLinger)
        preread = Preread(stage: .lingeringClose(cause), until: until, heard: worker.now)
        if let deadline { worker.deadlines.schedule(slot: slot, at: deadline) }
        return lingeringClose(cause, on: worker)
    }

    /// How long a client may take to read why it is not served.
    private static var longestLinger: Duration { .seconds(1) }

    /// Throws away what it still sends, until it ends.
    private mutating func lingeringClose(
        _ cause: EndReason.Cause, on worker: Worker
    ) -> SessionLife.Action {
        for _ in 0..<4 {
            switch worker.buffers.scratch.fill(from: clientSocket.number) {
            case .moved: continue
            case .wouldBlock: return .none
            case .endOfStream, .failed: return life.handle(.protocolError(cause))
            }
        }
        return life.handle(.protocolError(cause))
    }

    /// Decrypts what has come, to look at it before a channel is chosen; how many bytes there are.
    private mutating func decryptFirstBytes(_ tls: TLSConnection, on worker: Worker) -> Int {
        if firstBytes == nil {
            switch worker.buffers.scratch.fill(from: tls) {
            case .moved: firstBytes = worker.buffers.takeScratch()
            case .endOfStream, .failed: flows[from: .client].endFollows = true
            case .wouldBlock: break
            }
        }
        guard let firstBytes else { return 0 }
        // No event comes for an end that has come with the bytes before it.
        while true {
            switch firstBytes.add(from: tls) {
            case .moved: continue
            case .endOfStream, .failed: flows[from: .client].endFollows = true
            case .wouldBlock: break
            }
            return firstBytes.count
        }
    }

    // MARK: Where its first bytes lead

    /// They are looked at only where a rule or a group asks for them.
    mutating func route(on worker: Worker) -> SessionLife.Action {
        // In TLS of ours the name is known already, and rules may need no more than that.
        if clientTLS != nil {
            return listenerView.routes == nil
                ? finishPreread(on: worker) : expect(.routing(needs: 0), on: worker)
        }
        return listenerView.routes != nil || serviceView.asksForServerName
            ? expect(.routing(needs: 1), on: worker) : finishPreread(on: worker)
    }

    /// Goes where the rules lead, or waits for more: nothing is guessed.
    private mutating func readRoute(on worker: Worker) -> SessionLife.Action {
        guard let (bytes, reading) = firstWords() else { return awaitMore() }
        var destination = service
        var onlyGroup: Group?
        switch listenerView.routes?.decide(bytes, reading) {
        case nil: break
        case .undecided(let needs): return awaitMore(needs, after: bytes.count)
        case .none?: return life.handle(.protocolError(.noRoute))
        case .target(.service(let service)): destination = service
        case .target(.group(let name)):
            // It may have been removed a moment ago.
            guard let group = serviceView.groups.first(where: { $0.name == name }) else {
                return life.handle(.protocolError(.noRoute))
            }
            onlyGroup = group
        }
        if destination.view(for: worker.index).asksForServerName,
            case .incomplete(let needs) = reading
        {
            return awaitMore(needs, after: bytes.count)
        }
        (service, group) = (destination, onlyGroup)
        if clientTLS == nil, case .complete(let hello) = reading { note(hello) }
        if isTraced { trace(.routed(service, group), on: worker) }
        return finishPreread(on: worker)
    }

    /// What it has said first, and what it asks for; nil: nothing was said.
    private func firstWords() -> ([UInt8], ClientHelloReading)? {
        if clientTLS != nil {
            let details = header?.details
            let hello = ClientHello(
                serverName: details?.serverName, alpn: details?.alpn.map { [$0] } ?? [])
            let bytes = firstBytes?.pending.prefix(ClientHello.mostBytes) ?? []
            return (Array(bytes), .complete(hello))
        }
        let most = min(ClientBytes.count(clientSocket) ?? .max, ClientHello.mostBytes)
        guard most > 0, let bytes = ClientBytes.peek(clientSocket, atMost: most) else { return nil }
        return (bytes, ClientHello.read(bytes))
    }

    private mutating func awaitMore(_ needs: Int, after count: Int) -> SessionLife.Action {
        // More than we look at cannot be waited for: no rule is decided by what comes behind.
        guard count < ClientHello.mostBytes else { return life.handle(.protocolError(.noRoute)) }
        preread?.stage = .routing(needs: min(max(needs, count + 1), ClientHello.mostBytes))
        return awaitMore()
    }

    private mutating func note(_ hello: ClientHello) {
        guard hello.serverName != nil || hello.alpn.count == 1 else { return }
        var header = header ?? ProxyHeader()
        if let name = hello.serverName { header.details.serverName = name }
        if hello.alpn.count == 1 { header.details.alpn = hello.alpn[0] }
        self.header = header
    }

    /// Nothing has to come any more.
    private mutating func finishPreread(on worker: Worker) -> SessionLife.Action {
        (preread, entrance) = (nil, nil)
        if let clientTLS {
            flows[from: .client].receive(through: clientTLS, after: firstBytes)
            flows[into: .client].send(through: clientTLS)
            firstBytes = nil
        }
        return life.handle(.prereadDone)
    }
}

extension Preread.Stage {
    /// How a client ends that has been refused already; nil: it has not been.
    fileprivate var endOfRefused: SessionLife.Event? {
        switch self {
        case .tarpitted: .rejected(.denied, resetting: .neither)
        case .lingeringClose(let cause): .protocolError(cause)
        case .handshake, .header, .routing, .bytes: nil
        }
    }
}
