import Glibc
import Shared
import Testing

@testable import proxyd

/// Probes of a Unix socket whose backlog is full.
@Suite("Probes of a busy server", .timeLimit(.untilHung))
struct BusyProbeTests {
    private let folder: TestFolder
    private let endpoint: Endpoint
    private let door: TestSocket
    private let caller: TestSocket

    /// The one caller that fits into the backlog is there.
    init() throws {
        folder = try TestFolder()
        endpoint = .unix(path: folder.file("busy.sock"))
        let address = try SocketAddress.of(endpoint)
        let listening = try Socket.open(family: AF_UNIX)
        try Socket.bind(listening, to: address)
        try Socket.listen(listening, backlog: 0)
        door = TestSocket(owning: listening.release())
        let first = try Socket.open(family: AF_UNIX)
        _ = Socket.connect(first, to: address)
        caller = TestSocket(owning: first.release())
    }

    @Test("a server that finds time before the probe's is over is good")
    func inTime() throws {
        let stand = try ProbeStand(endpoint)
        stand.start()
        stand.pass(.milliseconds(60))
        #expect(stand.result == nil)
        let accepted = try Socket.accept(door.number)
        let first = TestSocket(owning: try #require(accepted).descriptor)
        stand.pass(.milliseconds(60))
        while stand.result == nil { try stand.turn() }
        #expect(stand.result?.isGood == true)
        withExtendedLifetime((first, caller)) {}
    }

    @Test("one that does not is bad, and is not said to refuse")
    func tooLate() throws {
        let stand = try ProbeStand(endpoint)
        stand.start()
        for _ in 0..<60 where stand.result == nil { stand.pass(.milliseconds(60)) }
        #expect(stand.result?.words == "timeout: its backlog is full")
    }
}
