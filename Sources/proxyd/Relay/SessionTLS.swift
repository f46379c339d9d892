internal import Shared

/// A session whose client, or whose channel, speaks TLS.
extension Session {
    // MARK: The client's handshake

    /// Goes on with it as far as it can. Nothing is spent on a client that says nothing.
    func shakeHands(on worker: Worker) -> SessionLife.Action {
        guard let tls = clientTLS else { return beginHandshake(on: worker) }
        switch tls.shakeHands() {
        case .done:
            note(agreed: tls, on: worker)
            // Many clients wait for that before they send a second small packet (Nagle).
            if !tls.hasSpokenLast { ChannelSocket.acknowledge(clientSocket) }
            return secured(on: worker)
        case .waits(let forRoom):
            if forRoom { watchClientForWrites(on: worker) }
            return .none
        case .gone(0): return life.endedEarly()
        case .gone(let number): return life.broke(.client, .init(streamError: number))
        case .failed(let failure):
            if isTraced { trace(.insecure(.client, failure.words), on: worker) }
            worker.noteHandshakeFailure(of: client, at: listener, failure.words)
            return dismiss(failure.isCertificate ? .certificate : .tls, on: worker)
        }
    }

    private func beginHandshake(on worker: Worker) -> SessionLife.Action {
        guard ClientBytes.count(clientSocket) ?? 1 > 0 else {
            return inFlow.endFollows ? life.endedEarly() : .none
        }
        do throws(TLSError) {
            guard let tls = try listenerView.tls?.connection(on: clientSocket.number) else {
                return life.turnAway(.overload, resetting: .neither)
            }
            if inFlow.endFollows || inFlow.hasUrgent { tls.noteReadable(isUnsure: true) }
            clientTLS = tls
        } catch {
            return life.turnAway(.memory, resetting: .neither)
        }
        return shakeHands(on: worker)
    }

    /// What was agreed on goes into logs, and on to the channel.
    private func note(agreed tls: TLSConnection, on worker: Worker) {
        var header = told ?? ProxyHeader()
        var details = ClientDetails.TLSDetails()
        (details.version, details.cipher) = (tls.version, tls.cipher)
        if let subject = tls.subject {
            // One that is not good has ended the handshake.
            (details.hasCertificate, details.isVerified) = (true, true)
            details.subject = subject.whole.printable
            details.commonName = subject.commonName.printable
        }
        header.details.tls = details
        header.details.serverName = tls.serverName
        header.details.alpn = tls.alpn
        told = header
        if isTraced {
            trace(.secured(.client, "\(tls.version) \(tls.cipher)", tls.isResumed), on: worker)
        }
    }

    /// The handshake has failed, and the client has been told why. A close with bytes unread would be a reset, and
    /// the alert might never be read; so it may go first.
    private func dismiss(_ cause: EndReason.Cause, on worker: Worker) -> SessionLife.Action {
        // Its place among the handshakes is another one's.
        clientTLS = nil
        Socket.shutDownWrites(clientSocket)
        let until = worker.now.advanced(by: Self.farewell)
        preamble = Preread(stage: .dismissed(cause), until: until, heard: worker.now)
        if let deadline { worker.deadlines.schedule(slot: slot, at: deadline) }
        return seeOff(cause, on: worker)
    }

    /// How long a client may take to read why it is not served.
    private static let farewell = Duration.seconds(1)

    /// Throws away what it still sends, until it ends.
    func seeOff(_ cause: EndReason.Cause, on worker: Worker) -> SessionLife.Action {
        for _ in 0..<4 {
            switch worker.space.scratch.fill(from: clientSocket.number) {
            case .moved: continue
            case .wouldBlock: return .none
            case .endOfStream, .failed: return life.spokeNonsense(cause)
            }
        }
        return life.spokeNonsense(cause)
    }

    // MARK: Its first bytes

    /// Decrypts what has come, to look at it before a channel is chosen; how many bytes there are.
    func decryptFirstBytes(_ tls: TLSConnection, on worker: Worker) -> Int {
        if firstBytes == nil {
            switch worker.space.scratch.fill(from: tls) {
            case .moved: firstBytes = worker.space.takeScratch()
            case .endOfStream, .failed: inFlow.endFollows = true
            case .wouldBlock: break
            }
        }
        guard let firstBytes else { return 0 }
        // No event tells of an end that has come with the bytes before it.
        while true {
            switch firstBytes.add(from: tls) {
            case .moved: continue
            case .endOfStream, .failed: inFlow.endFollows = true
            case .wouldBlock: break
            }
            return firstBytes.count
        }
    }

    // MARK: The channel's handshake

    /// The channel has accepted: what it has to be told, and to show, before it gets the session.
    func reached(_ channel: Channel, on worker: Worker) -> SessionLife.Action {
        let view = channel.view(for: worker.index)
        if let form = view.outbound?.proxyProtocol, let number = introduce(form) {
            return connectFailed(.init(streamError: number), errno: number, on: worker)
        }
        guard let client = view.tls else { return connected(to: channel, on: worker) }
        do throws(TLSError) {
            channelTLS = try client.connection(
                on: channelSocket.number, serverName: told?.details.serverName,
                alpn: told?.details.alpn)
        } catch {
            return connectFailed(.memory, on: worker)
        }
        return shakeHands(with: channel, on: worker)
    }

    func shakeHands(with channel: Channel, on worker: Worker) -> SessionLife.Action {
        guard let tls = channelTLS else { return .none }
        switch tls.shakeHands() {
        case .done:
            if isTraced {
                trace(.secured(.channel, "\(tls.version) \(tls.cipher)", tls.isResumed), on: worker)
            }
            outFlow.receive(through: tls)
            inFlow.send(through: tls)
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
}

extension String {
    /// Without anything that a terminal or a log would take for something else: a certificate says what it likes.
    fileprivate var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "?" : scalar
                }))
    }
}
