internal import Glibc
internal import Shared

/// What comes before the choice of a channel: whether the client may come in, and what it has to send first.
extension Session {
    // MARK: Coming in

    /// What becomes of a client that has just come.
    func enter(on worker: Worker) -> SessionLife.Action {
        if listenerView.expectsHeader(from: client) {
            return expect(.header(needs: 1), on: worker)
        }
        return knock(on: worker)
    }

    /// It is known who it is: whether it may come in, and what it has to send.
    private func knock(on worker: Worker) -> SessionLife.Action {
        if let action = bar(on: worker) { return action }
        let admission = admit(on: worker)
        guard admission == .choose else { return admission }
        if let tls = listenerView.tls {
            let until = worker.now.advanced(by: tls.settings.handshakeTimeout)
            preamble?.until = until
            return expect(.handshake, until: until, on: worker)
        }
        let count = listenerView.waitForBytes
        return count > 0 ? expect(.bytes(count), on: worker) : open(on: worker)
    }

    /// Nobody listens in any more: what it has to send now.
    func secured(on worker: Worker) -> SessionLife.Action {
        let until = serviceView.timeouts.clientHello.map { worker.now.advanced(by: $0) }
        let count = listenerView.waitForBytes
        preamble = Preread(stage: .bytes(count), until: until, heard: worker.now)
        if let deadline { worker.deadlines.schedule(slot: slot, at: deadline) }
        return count > 0 ? look(on: worker) : open(on: worker)
    }

    /// Nothing has to come any more.
    private var choosing: SessionLife.Action {
        preamble = nil
        if let clientTLS {
            inFlow.receive(through: clientTLS, after: firstBytes)
            outFlow.send(through: clientTLS)
            firstBytes = nil
        }
        life.choose()
        return .choose
    }

    /// Sees whether the client keeps to the limits of its listener and its source.
    private func admit(on worker: Worker) -> SessionLife.Action {
        guard listenerView.keepsToRate(now: worker.now) else {
            return life.turnAway(.rate, resetting: serviceView.limits.overload.resets)
        }
        guard let sources = serviceView.sources else { return .choose }
        let source = sources.source(of: client)
        switch sources.admit(source, now: worker.now) {
        case .admitted:
            self.source = (sources, source)
            return .choose
        case .tooMany:
            return life.turnAway(.perSource, resetting: serviceView.limits.overload.resets)
        case .tooFast:
            return life.turnAway(.rate, resetting: serviceView.limits.overload.resets)
        }
    }

    /// Both the listener and the service must let it in; nil: they do.
    private func bar(on worker: Worker) -> SessionLife.Action? {
        let (own, services) = (listenerView.access, serviceView.access)
        if own == nil, services == nil { return nil }
        for (index, list) in [own, services].enumerated() {
            guard let list, let denial = list.denial(of: client) else { continue }
            worker.noteDenial(
                of: client, by: list.words(of: denial), rule: denial.rule, at: listener,
                isServices: index == 1)
            return bar(denial.action, on: worker)
        }
        return nil
    }

    private func bar(_ action: DenyAction, on worker: Worker) -> SessionLife.Action {
        switch action {
        case .close: return life.turnAway(.denied, resetting: .neither)
        case .reset: return life.turnAway(.denied, resetting: .client)
        case .drop:
            ClientBytes.forget(clientSocket)
            return life.turnAway(.denied, resetting: .neither)
        case .tarpit(let time):
            guard worker.admitToTarpit() else {
                return life.turnAway(.denied, resetting: .neither)
            }
            let until = worker.now.advanced(by: time)
            return expect(.barred, until: until, on: worker)
        }
    }

    // MARK: Waiting for it to speak

    private func expect(_ stage: Preread.Stage, on worker: Worker) -> SessionLife.Action {
        let until = serviceView.timeouts.clientHello.map { worker.now.advanced(by: $0) }
        return expect(stage, until: until, on: worker)
    }

    /// What has come of it already is looked at at once; the rest comes with events, as the socket is
    /// watched.
    private func expect(
        _ stage: Preread.Stage, until: Instant?, on worker: Worker
    ) -> SessionLife.Action {
        let isFirst = preamble == nil
        preamble = Preread(
            stage: stage, until: preamble?.until ?? until, heard: worker.now)
        if stage == .barred { preamble?.until = until }
        life.expect()
        if let deadline { worker.deadlines.schedule(slot: slot, at: deadline) }
        return isFirst ? .none : look(on: worker)
    }

    /// Something has come from the client, or it has gone.
    func resumePreamble(_ readiness: Readiness, on worker: Worker) {
        guard let stage = preamble?.stage else { return }
        if !readiness.isDisjoint(with: [.error, .hangUp]) {
            return perform(stage.left(&life) ?? life.broke(.client, .reset), on: worker)
        }
        preamble?.heard = worker.now
        perform(look(on: worker), on: worker)
    }

    /// Sees whether what it has sent is enough.
    private func look(on worker: Worker) -> SessionLife.Action {
        switch preamble?.stage {
        case nil: return .none
        case .barred:
            return inFlow.endFollows ? life.turnAway(.denied, resetting: .neither) : .none
        case .handshake: return shakeHands(on: worker)
        case .dismissed(let cause): return seeOff(cause, on: worker)
        case .header(let needs):
            return has(needs, on: worker) ? readHeader(on: worker) : goOn
        case .bytes(let count):
            return has(count, on: worker) ? open(on: worker) : goOn
        case .opening(let needs):
            return has(needs, on: worker) ? readOpening(on: worker) : goOn
        }
    }

    private func has(_ count: Int, on worker: Worker) -> Bool {
        if let clientTLS { return decryptFirstBytes(clientTLS, on: worker) >= count }
        return ClientBytes.count(clientSocket) ?? count >= count
    }

    /// There is too little so far.
    private var goOn: SessionLife.Action { inFlow.endFollows ? life.endedEarly() : .none }

    // MARK: What it says first

    /// Looks at it where somebody wants to know.
    private func open(on worker: Worker) -> SessionLife.Action {
        // In TLS of ours the name is known already, and rules may need no more than that.
        if clientTLS != nil {
            return listenerView.routes == nil ? choosing : expect(.opening(needs: 0), on: worker)
        }
        return listenerView.routes != nil || serviceView.asksForServerName
            ? expect(.opening(needs: 1), on: worker) : choosing
    }

    /// Goes where the rules lead, or waits for more: nothing is guessed.
    private func readOpening(on worker: Worker) -> SessionLife.Action {
        guard let (bytes, reading) = opening else { return goOn }
        var destination = service
        var onlyGroup: Group?
        switch listenerView.routes?.decide(bytes, reading) {
        case nil: break
        case .undecided(let needs): return wait(for: needs, after: bytes.count)
        case .none?: return life.spokeNonsense(.noRoute)
        case .target(.service(let service)): destination = service
        case .target(.group(let name)):
            // It may have been removed a moment ago.
            guard let group = serviceView.groups.first(where: { $0.name == name }) else {
                return life.spokeNonsense(.noRoute)
            }
            onlyGroup = group
        }
        if destination.view(for: worker.index).asksForServerName,
            case .incomplete(let needs) = reading
        {
            return wait(for: needs, after: bytes.count)
        }
        (service, group) = (destination, onlyGroup)
        if clientTLS == nil, case .complete(let hello) = reading { note(hello) }
        if isTraced { trace(.routed(service, group), on: worker) }
        return choosing
    }

    /// What it has said first, and what it asks for; nil: nothing was said.
    private var opening: ([UInt8], ClientHelloReading)? {
        if clientTLS != nil {
            let details = told?.details
            let hello = ClientHello(
                serverName: details?.serverName, alpn: details?.alpn.map { [$0] } ?? [])
            let bytes = firstBytes?.held.prefix(ClientHello.mostBytes) ?? []
            return (Array(bytes), .complete(hello))
        }
        let most = min(ClientBytes.count(clientSocket) ?? .max, ClientHello.mostBytes)
        guard most > 0, let bytes = ClientBytes.peek(clientSocket, atMost: most) else { return nil }
        return (bytes, ClientHello.read(bytes))
    }

    private func wait(for needs: Int, after count: Int) -> SessionLife.Action {
        // More than we look at cannot be waited for: no rule is decided by what comes behind.
        guard count < ClientHello.mostBytes else { return life.spokeNonsense(.noRoute) }
        preamble?.stage = .opening(needs: min(max(needs, count + 1), ClientHello.mostBytes))
        return goOn
    }

    private func note(_ hello: ClientHello) {
        guard hello.serverName != nil || hello.alpn.count == 1 else { return }
        var header = told ?? ProxyHeader()
        if let name = hello.serverName { header.details.serverName = name }
        if hello.alpn.count == 1 { header.details.alpn = hello.alpn[0] }
        told = header
    }

    // MARK: A proxy's header

    private func readHeader(on worker: Worker) -> SessionLife.Action {
        guard let bytes = ClientBytes.peek(clientSocket, atMost: ProxyHeader.mostBytes) else {
            return goOn
        }
        switch ProxyHeader.read(bytes) {
        case .incomplete(let needs):
            preamble?.stage = .header(needs: max(needs, bytes.count + 1))
            return goOn
        case .malformed(let problem):
            if isTraced { trace(.nonsense(problem), on: worker) }
            return life.spokeNonsense(.proxyHeader)
        case .complete(let header, let length):
            guard ClientBytes.take(clientSocket, length) else { return life.broke(.client, .other) }
            told = header
            if let source = header.addresses?.source { client = source }
            if isTraced { trace(.introduced(client), on: worker) }
            return knock(on: worker)
        }
    }

    /// Tells the channel of the client, in front of everything else.
    ///
    /// - Returns: the kernel's reason why that is not possible; nil: it is told.
    func introduce(_ form: ProxyProtocolOut) -> CInt? {
        let destination = clientDestination ?? listener.endpoint
        var details = told?.details ?? ClientDetails()
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

    /// It has taken too long, or has been barred for long enough.
    func preambleTimedOut(on worker: Worker) {
        perform(preamble?.stage.left(&life) ?? life.spokeTooLate(), on: worker)
    }
}

extension Preread.Stage {
    /// What becomes of a client that has been told already; nil: it has not.
    fileprivate func left(_ life: inout SessionLife) -> SessionLife.Action? {
        switch self {
        case .barred: life.turnAway(.denied, resetting: .neither)
        case .dismissed(let cause): life.spokeNonsense(cause)
        case .handshake, .header, .opening, .bytes: nil
        }
    }
}
