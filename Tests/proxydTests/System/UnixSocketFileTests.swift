import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("The place of a Unix socket", .timeLimit(.untilHung))
struct UnixSocketFileTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func open() throws -> FileDescriptor { try Socket.open(family: AF_UNIX) }

    private func bind(
        _ descriptor: borrowing FileDescriptor, to path: String, mode: UInt32 = 0o600,
        group: UInt32? = nil
    ) throws -> UnixSocketFile {
        try UnixSocketFile(binding: descriptor, to: path, mode: mode, group: group, backlog: 8)
    }

    private func status(_ path: String) throws -> stat {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw SystemError("lstat") }
        return status
    }

    @Test(
        "clients connect to it, its permissions are as asked, and nothing else is left",
        arguments: [0o600, 0o666, 0o660] as [UInt32])
    func bound(mode: UInt32) throws {
        let descriptor = try open()
        let file = try bind(descriptor, to: folder.file("s"), mode: mode)
        #expect(folder.names == ["s"])
        #expect(try status(folder.file("s")).st_mode & 0o777 == mode)
        _ = try TestSocket.connect(to: .unix(path: folder.file("s")))
        file.remove()
        #expect(folder.names.isEmpty)
    }

    @Test("what a dead owner has left is replaced")
    func stale() throws {
        let path = folder.file("s")
        do {
            let dead = try open()
            _ = try bind(dead, to: path)
        }
        #expect(folder.names == ["s"])
        let descriptor = try open()
        _ = try bind(descriptor, to: path)
        _ = try TestSocket.connect(to: .unix(path: path))
    }

    @Test("the place of a living owner is refused, even when its queue is full")
    func alive() throws {
        let path = folder.file("s")
        let owner = try open()
        _ = try UnixSocketFile(binding: owner, to: path, mode: 0o600, group: nil, backlog: 0)
        let other = try open()
        #expect(throws: UnixSocketFile.Failure.isAlive) { _ = try bind(other, to: path) }
        // The probe above waits in the queue, which has one place.
        #expect(throws: UnixSocketFile.Failure.isAlive) { _ = try bind(other, to: path) }
        #expect(folder.names == ["s"])
    }

    @Test("a living socket for datagrams is a living owner")
    func datagrams() throws {
        let path = folder.file("s")
        let owner = FileDescriptor(
            owning: socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        let address = try #require(SocketAddress(.unix(path: path)))
        try Socket.bind(owner, to: address)
        let other = try open()
        #expect(throws: UnixSocketFile.Failure.isAlive) { _ = try bind(other, to: path) }
    }

    @Test("a file that is not a socket is refused and kept")
    func occupied() throws {
        try folder.write("precious", to: "s")
        let descriptor = try open()
        #expect(throws: UnixSocketFile.Failure.isOccupied) {
            _ = try bind(descriptor, to: folder.file("s"))
        }
        #expect(try status(folder.file("s")).st_size == 8)
        #expect(throws: UnixSocketFile.Failure.isOccupied) {
            _ = try bind(descriptor, to: folder.path)
        }
    }

    @Test("a missing directory is an error, and nothing is left behind")
    func missing() throws {
        let descriptor = try open()
        #expect(throws: UnixSocketFile.Failure.system(SystemError("bind", ENOENT))) {
            _ = try bind(descriptor, to: folder.file("no/s"))
        }
    }

    @Test("only our own file is removed")
    func foreign() throws {
        let path = folder.file("s")
        let descriptor = try open()
        let file = try bind(descriptor, to: path)
        _ = unsafe unlink(path)
        let other = try open()
        let others = try bind(other, to: path)
        file.remove()
        #expect(folder.names == ["s"])
        others.remove()
        others.remove()
        #expect(folder.names.isEmpty)
    }

    @Test(
        "a path as long as the kernel allows can be taken, in any letters", arguments: ["a", "ü"])
    func longest(letter: String) throws {
        var name = ""
        while folder.file(name + letter).utf8.count <= Endpoint.longestPath { name += letter }
        let descriptor = try open()
        let file = try bind(descriptor, to: folder.file(name))
        #expect(folder.names == [name])
        file.remove()
    }
}
