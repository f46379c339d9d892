import CLinux
import Glibc
import Testing

@testable import proxyd

@Suite("The lock beside a socket", .timeLimit(.untilHung))
struct SocketLockTests {
    private let folder: TestFolder
    private var path: String { folder.file("s") }

    init() throws { folder = try TestFolder() }

    @Test("one has it at a time, and the next when that one has gone, however it ended")
    func exclusive() throws {
        do {
            let first = try SocketLock(beside: path)
            #expect(throws: SocketLock.Failure.isHeld) { _ = try SocketLock(beside: path) }
            withExtendedLifetime(first) {}
        }
        #expect(folder.names == ["s.lock"])
        let second = try SocketLock(beside: path)
        second.remove()
        #expect(folder.names.isEmpty)
    }

    @Test("a lock that is handed over is held until both processes have let it go")
    func handedOver() throws {
        var old: SocketLock? = try SocketLock(beside: path)
        let number = dup(try #require(old).number)
        let new = try #require(SocketLock(adopting: number, beside: path))
        // While the old process has not gone, the file is not the new one's to remove.
        new.remove()
        #expect(folder.names == ["s.lock"])
        old = nil
        #expect(throws: SocketLock.Failure.isHeld) { _ = try SocketLock(beside: path) }
        new.own()
        new.remove()
        #expect(folder.names.isEmpty)
        #expect(SocketLock(adopting: dup(new.number), beside: folder.file("other")) == nil)
    }

    @Test("a link in its place is not followed, and a missing folder is said")
    func refused() throws {
        try folder.write("precious", to: "victim")
        #expect(unsafe symlink(folder.file("victim"), path + ".lock") == 0)
        #expect(throws: SocketLock.Failure.system(SystemError("open", ELOOP))) {
            _ = try SocketLock(beside: path)
        }
        #expect(throws: SocketLock.Failure.system(SystemError("open", ENOENT))) {
            _ = try SocketLock(beside: folder.file("no/s"))
        }
    }
}
