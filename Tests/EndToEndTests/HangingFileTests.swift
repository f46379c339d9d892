import Foundation
import Shared
import Testing

extension EndToEnd {
    /// A file of a mount whose server does not answer.
    @Suite("files that do not answer", .enabled(if: HangingMount.isPossible))
    struct HangingFileTests {
        @Test(
            "while a file does not answer everything else is served, and SIGTERM ends the daemon",
            arguments: ["set s access \"deny-file %\"", "plan set s access \"deny-file %\""])
        func served(command: String) throws {
            let channel = try LocalChannel.echo()
            let mount = try HangingMount()
            let daemon = try Daemon(
                "- { name: s, listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }")
            let waiting = try RawControl(daemon)
            try waiting.send(command.replacing("%", with: mount.file) + "\n")
            try mount.waitUntilAsked(by: daemon.program.pid)
            let client = try daemon.client()
            try client.send("x")
            #expect(try client.receive(exactly: 1) == Array("x".utf8))
            try daemon.ask("set s grace 5s")
            #expect(try daemon.ask("show config").lines.contains { $0.contains("grace: 5s") })
            try daemon.stop()
            #expect(try waiting.expectEnd())
        }

        @Test("a reload whose file does not answer keeps what runs, and is made when it does")
        func reload() throws {
            let channel = try LocalChannel.echo()
            let directory = try TemporaryDirectory()
            let list = try directory.write("10.0.0.0/8\n", to: "list")
            let daemon = try Daemon(
                """
                - name: s
                  listen: ["127.0.0.1:0"]
                  access: [{ deny-file: \(list) }]
                  channels: ["\(channel.endpoint)"]
                """, in: directory)
            let mount = try HangingMount()
            try FileManager.default.removeItem(atPath: list)
            try FileManager.default.createSymbolicLink(
                atPath: list, withDestinationPath: mount.file)
            let waiting = try RawControl(daemon)
            try waiting.send("reload\n")
            try mount.waitUntilAsked(by: daemon.program.pid)
            try daemon.ask("set s grace 5s")
            mount.fail()
            let reply = try waiting.reply()
            #expect(reply.word == "invalid")
            #expect(reply.head.contains("\(list) cannot be read"))
            #expect(try daemon.ask("show config").lines.contains { $0.contains("grace: 5s") })
            _ = try FileManager.default.removeItem(atPath: list)
            try directory.write("127.0.0.0/8\n", to: "list")
            #expect(try daemon.ask("reload").lines.contains { $0.contains("access") })
            try daemon.stop()
        }
    }
}

/// A file system of which the kernel waits for an answer that never comes (fuse(4), with no server behind it).
final class HangingMount {
    private let directory: TemporaryDirectory
    private let device: CInt

    var file: String { directory("far/file") }

    init() throws {
        directory = try TemporaryDirectory()
        let path = directory("far")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        device = try Self.mount(at: path)
        let device = device
        Leftovers.add { Self.remove(device, from: path) }
    }

    private static func mount(at path: String) throws -> CInt {
        let device = unsafe Glibc.open("/dev/fuse", O_RDWR | O_CLOEXEC)
        let options = "fd=\(device),rootmode=40000,user_id=\(getuid()),group_id=\(getgid())"
        guard device >= 0 else { throw SocketError(errno, "open") }
        guard unsafe Glibc.mount("far", path, "fuse", 0, options) == 0 else {
            defer { _ = close(device) }
            throw SocketError(errno, "mount")
        }
        return device
    }

    /// What waits for it fails, and then nothing holds it any more.
    private static func remove(_ device: CInt, from path: String) {
        _ = close(device)
        _ = unsafe umount2(path, CInt(MNT_DETACH))
    }

    /// Whether this machine lets us mount one.
    static let isPossible: Bool = {
        let path = FileManager.default.temporaryDirectory.path + "/proxyd-far-\(getpid())"
        guard unsafe mkdir(path, 0o700) == 0 else { return false }
        defer { _ = unsafe rmdir(path) }
        guard let device = try? mount(at: path) else { return false }
        remove(device, from: path)
        return true
    }()

    /// A thread of this process waits for the file system.
    func waitUntilAsked(by process: pid_t) throws {
        try eventually("a thread waits for the file") {
            let tasks = "/proc/\(process)/task"
            let threads = try FileManager.default.contentsOfDirectory(atPath: tasks)
            return threads.contains { thread in
                let name = try? String(contentsOfFile: "\(tasks)/\(thread)/comm", encoding: .utf8)
                return name == "files\n"
            }
        }
    }

    /// Whatever waits for it fails, as when its server has died.
    func fail() {
        let path = directory("far")
        _ = unsafe umount2(path, CInt(MNT_FORCE))
    }
}
