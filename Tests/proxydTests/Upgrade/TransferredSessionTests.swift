import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

/// Sessions from one stand of workers to another one, by the same packets that go from one process to another.
@Suite("sessions that are moved", .timeLimit(.untilHung))
struct MovedSessionTests {
    typealias Settings = WorkerStand.Settings

    private func handoverState(of stand: WorkerStand) throws -> WorkerHandoverState {
        _ = try stand.ask { .quiesce(question: $0) }
        guard case .handedOver(let state) = try stand.ask({ .handOver(question: $0) }) else {
            throw Missing("a hand-over state")
        }
        return state
    }

    /// Through a socket, as another process would get it; the descriptors are others then.
    private func moved(_ state: WorkerHandoverState, to stand: WorkerStand) throws
        -> [TransferredSession]
    {
        let pair = try PacketSocket.Pair()
        let (sender, receiver) = (
            HandoverConnection(PacketSocket(FileDescriptor(owning: dup(pair.other.number)))),
            HandoverConnection(pair.takeOwn())
        )
        var things = HandoverThings()
        things.add(Topology(services: [stand.service]))
        var writer = HandoverEncoder()
        writer.add(Topology(services: [stand.service]), connectTimes: [], now: .now)
        writer.add(state)
        for frame in writer.frames { try sender.send(frame) }
        try sender.send(.stateEnd)
        var reader = HandoverDecoder(things, workerCount: 1)
        try reader.read(from: receiver)
        return reader.sessions.sessions
    }

    private func adopt(_ sessions: [TransferredSession], on stand: WorkerStand) {
        let sessions = sessions.map { session in
            var session = session
            var holdings = SessionHoldings.adopt(session, in: stand.share)
            holdings.assign(to: stand.share.workers[0])
            session.holdings = holdings
            return session
        }
        stand.post(.adopt(sessions))
    }

    @Test("a session goes on with bytes in either direction", arguments: RelayMode.allCases)
    func goesOn(mode: RelayMode) throws {
        let door = try TestDoor()
        let (old, new) = (
            try WorkerStand([door.endpoint], Settings(mode: mode)),
            try WorkerStand([door.endpoint], Settings(mode: mode))
        )
        let client = try old.connect()
        let server = try door.accept()
        try client.send("before")
        #expect(try server.receiveText(6) == "before")
        let state = try handoverState(of: old)
        #expect(state.sessions.count == 1)
        // What comes meanwhile waits in the kernel.
        try client.send("meanwhile")
        try server.send("answer")
        let moved = try moved(state, to: new)
        old.post(.releaseAll)
        adopt(moved, on: new)
        #expect(try server.receiveText(9) == "meanwhile")
        #expect(try client.receiveText(6) == "answer")
        #expect(try old.report().sessions == 0)
        #expect(old.taken == [0, 0, 0, 0])
        client.endWrites()
        #expect(try server.receiveToEnd().isEmpty)
        server.endWrites()
        #expect(try client.receiveToEnd().isEmpty)
        let (record, reason) = try new.nextEnd()
        #expect(reason == .done && record.id == state.sessions[0].id)
        #expect(record.inward.byteCount == 15 && record.outward.byteCount == 6)
        #expect(old.isEverythingBack && new.isEverythingBack)
    }

    @Test("a standstill that comes to nothing has cost nothing but time")
    func comesToNothing() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint])
        let client = try stand.connect()
        let server = try door.accept()
        let state = try handoverState(of: stand)
        #expect(state.sessions.count == 1)
        try client.send("meanwhile")
        stand.post(.resume)
        #expect(try server.receiveText(9) == "meanwhile")
        // One that is given up before the worker stands still leaves no worker behind.
        stand.post(.quiesce(question: 999))
        stand.post(.resume)
        try server.send("x")
        #expect(try client.receiveText(1) == "x")
        let another = try stand.connect()
        _ = try door.accept()
        another.endWrites()
    }

    @Test(
        "a session of a channel that nobody knows is refused, and so is one without its connections"
    )
    func unknown() throws {
        let door = try TestDoor()
        let (old, new) = (try WorkerStand([door.endpoint]), try WorkerStand([door.endpoint]))
        let client = try old.connect()
        _ = try door.accept()
        let session = try #require(try handoverState(of: old).sessions.first)
        let frames = TransferredSession.frames([session])
        let packet = try #require(frames.first?.packet)
        var sessions = ArrivedSessions()
        #expect(throws: HandoverError.self) {
            try sessions.decode(
                HandoverArrival(packet: packet, descriptors: []), in: HandoverThings())
        }
        var things = HandoverThings()
        things.add(Topology(services: [new.service]))
        #expect(throws: HandoverError.self) {
            try sessions.decode(HandoverArrival(packet: packet, descriptors: []), in: things)
        }
        old.post(.resume)
        client.endWrites()
    }
}
