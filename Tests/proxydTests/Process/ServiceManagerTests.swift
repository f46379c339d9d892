import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Service manager", .timeLimit(.untilHung))
struct ServiceManagerTests {
    @Test(
        "the watchdog hears from us twice as often as it waits",
        arguments: [
            (["WATCHDOG_USEC": "30000000"], Duration.seconds(15)),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"], .seconds(15)),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], nil),
            (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "soon"], nil), ([:], nil),
        ] as [([String: String], Duration?)])
    func watchdog(environment: [String: String], expected: Duration?) {
        #expect(ServiceManager.watchdog(environment, pid: 7) == expected)
    }

    @Test("nobody is told anything who has not asked")
    func nobody() {
        #expect(ServiceManager(environment: [:], pid: 1, now: .now) == nil)
        #expect(
            ServiceManager(environment: ["NOTIFY_SOCKET": "nowhere"], pid: 1, now: .now) == nil)
        #expect(
            ServiceManager(environment: ["NOTIFY_SOCKET": "/no/such/socket"], pid: 1, now: .now)
                == nil)
    }

    @Test("the manager is told of the start, a reload, life and the end")
    func told() throws {
        let folder = try TestFolder()
        let path = folder.file("notify")
        let number = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        let descriptor = FileDescriptor(owning: number)
        let address = try SocketAddress.of(.unix(path: path))
        try Socket.bind(descriptor, to: address)
        func next() -> String {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = unsafe recv(number, &bytes, bytes.count, 0)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
        let manager = try #require(
            ServiceManager(
                environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000"], pid: 1,
                now: .at(100)))
        manager.notifyReady("1 services")
        #expect(next() == "READY=1\nSTATUS=1 services")
        manager.notifyReloading(now: .at(100))
        #expect(next() == "RELOADING=1\nMONOTONIC_USEC=100000000")
        #expect(manager.nextDeadline == .at(101))
        manager.meetDeadlines(now: .at(101))
        #expect(next() == "WATCHDOG=1")
        #expect(manager.nextDeadline == .at(102))
        manager.notifyStopping("ending")
        #expect(next() == "STOPPING=1\nSTATUS=ending")
        _ = descriptor
    }
}

@Suite("Process id file")
struct PIDFileTests {
    @Test("it holds our number, keeps others off, and a dead one's is taken over")
    func file() throws {
        let folder = try TestFolder()
        let path = folder.file("pid")
        let number = unsafe open(path, O_RDWR | O_CREAT, mode_t(0o644))
        _ = unsafe write(number, "99999999\n", 9)
        close(number)
        do {
            let file = try PIDFile(at: path)
            var bytes = [UInt8](repeating: 0, count: 32)
            let reader = unsafe open(path, O_RDONLY)
            let count = unsafe read(reader, &bytes, bytes.count)
            close(reader)
            #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == "\(getpid())\n")
            do throws(StartError) {
                _ = try PIDFile(at: path)
                Issue.record("taken twice")
            } catch {
                #expect(error.code == .unavailable)
                #expect(error.message.contains("belongs to process \(getpid())"))
            }
            file.remove()
        }
        #expect(unsafe access(path, F_OK) != 0)
    }

    @Test("where it cannot be, that is said")
    func impossible() throws {
        let folder = try TestFolder()
        #expect(throws: StartError.self) { try PIDFile(at: folder.file("no/such/place")) }
    }
}
