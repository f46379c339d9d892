import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Places at the control socket, and its lock", .timeLimit(.untilHung))
struct ControlPlacesTests {
    /// The server with a poller of its own, turned by the test as the supervisor turns it.
    private final class Stand {
        let folder: TestFolder
        let daemon: FakeDaemon
        let server: ControlServer
        let poller: Poller

        init() throws {
            folder = try TestFolder()
            daemon = try FakeDaemon.make()
            var settings = ControlConfiguration()
            settings.path = folder.file("s")
            server = try ControlServer(settings)
            poller = try Poller()
            server.start(with: daemon, poller: poller)
        }

        /// One turn of the loop; returns how many events woke it.
        @discardableResult
        func turn(milliseconds: CInt = 0) -> Int {
            let count = poller.wait(milliseconds: milliseconds)
            for event in 0..<count {
                let (token, readiness) = poller[event]
                switch token.kind {
                case .controlListener: server.acceptAll(poller: poller)
                default: server.resume(token, readiness, poller: poller)
                }
            }
            server.meetDeadlines(poller: poller)
            return count
        }

        func connect() throws -> TestSocket {
            try TestSocket.connect(to: .unix(path: folder.file("s")))
        }
    }

    @Test("a client that leaves while its command waits does not keep the loop awake")
    func hangUp() throws {
        let stand = try Stand()
        stand.daemon.isSlow = true
        do {
            let client = try stand.connect()
            stand.turn(milliseconds: Wait.patience)
            try client.send("show channels\n")
            stand.turn(milliseconds: Wait.patience)
            #expect(stand.daemon.pending.count == 1)
        }
        for _ in 0..<3 { #expect(stand.turn() == 0) }
        #expect(stand.server.connectionCount == 1)
        stand.daemon.answerAll()
        stand.turn()
        stand.turn(milliseconds: 10)
        #expect(stand.server.connectionCount == 0)
    }

    @Test(
        "a second daemon at the same place does not come up, and a third does when the first has gone"
    )
    func lock() throws {
        var settings = ControlConfiguration()
        let folder = try TestFolder()
        settings.path = folder.file("s")
        // It has the lock, and has not bound its socket yet.
        let first = try SocketLock(beside: folder.file("s"))
        #expect(throws: StartError.self) { _ = try ControlServer(settings) }
        first.remove()
        let third = try ControlServer(settings)
        #expect(folder.names == ["s", "s.lock"])
        third.close()
        #expect(folder.names.isEmpty)
    }

    @Test("one that has made room lets another have the place, and its lock")
    func room() throws {
        let stand = try Stand()
        stand.server.makeRoom()
        var settings = ControlConfiguration()
        settings.path = stand.folder.file("s")
        let next = try ControlServer(settings)
        stand.server.close()
        #expect(stand.folder.names == ["s", "s.lock"])
        next.close()
    }

    // MARK: Places

    private func holder(_ uid: UInt32, _ role: Peer.Role, idle: Int?) -> ControlUsage.Holder {
        ControlUsage.Holder(uid: uid, role: role, idleSince: idle.map { .at($0) })
    }

    @Test("a user without the role admin gets a share, and no place reserved for admins")
    func shares() {
        let one = Array(repeating: holder(7, .viewer, idle: 1), count: ControlUsage.mostOfUser)
        #expect(
            ControlUsage.place(for: 7, .viewer, among: one)
                == .refused("user 7 has 16 connections open already"))
        #expect(ControlUsage.place(for: 8, .viewer, among: one) == .free)
        #expect(ControlUsage.place(for: 0, .admin, among: one) == .free)
        let many = (0..<56).map { holder(UInt32($0), .viewer, idle: 1) }
        guard case .refused = ControlUsage.place(for: 99, .operator, among: many) else {
            Issue.record("an operator got a place of admins")
            return
        }
        #expect(ControlUsage.place(for: 0, .admin, among: many) == .free)
    }

    @Test("an admin gets the place of the longest idle connection, never another admin’s")
    func evicted() {
        var holders = (0..<64).map { _ in holder(0, .admin, idle: 1) }
        #expect(
            ControlUsage.place(for: 0, .admin, among: holders)
                == .refused("64 connections are open already"))
        holders[3] = holder(7, .viewer, idle: nil)
        #expect(ControlUsage.place(for: 0, .admin, among: holders) == .insteadOf(3))
        holders[5] = holder(7, .viewer, idle: 9)
        holders[9] = holder(8, .operator, idle: 4)
        #expect(ControlUsage.place(for: 0, .admin, among: holders) == .insteadOf(9))
    }
}
