internal import Shared

/// How a session is looked on at.
extension Session {
    /// From now on, `tap` is told what this session moves.
    func admit(_ tap: TapSink, now: Instant) {
        let onlooker = self.onlooker ?? SessionTap(of: id)
        guard !onlooker.serves(tap) else { return }
        onlooker.add(tap)
        self.onlooker = onlooker
        switch life.phase {
        case .relaying, .halfClosed:
            tap.tell(.began(tapFacts), of: id, at: now)
        case .preamble, .holding, .connecting, .closed:
            // It is told of the beginning when there is one.
            break
        }
    }

    /// Whether `tap` is told already.
    func isShown(to tap: TapSink) -> Bool { onlooker?.serves(tap) ?? false }

    /// The connections as they are, for a few system calls.
    var tapFacts: TapFacts {
        TapFacts(
            client: client, accepted: Socket.localEndpoint(clientSocket),
            connecting: Socket.localEndpoint(channelSocket),
            channel: Socket.peerEndpoint(channelSocket) ?? channel?.endpoint,
            channelPath: channel?.path ?? "-", inBytes: inFlow.byteCount,
            outBytes: outFlow.byteCount, isFromStart: life.phase == .connecting)
    }
}
