import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Startup", .timeLimit(.untilHung))
struct StartupTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func configuration(
        listen: [Endpoint], channels: [Endpoint] = [.local(9)]
    ) -> Configuration {
        var configuration = Configuration()
        configuration.services = [
            ServiceConfiguration(
                name: "s",
                listeners: listen.enumerated().map {
                    ListenerConfiguration(name: "\($0)", endpoint: $1)
                },
                groups: [
                    GroupConfiguration(
                        name: "g",
                        channels: channels.enumerated().map {
                            ChannelConfiguration(name: "\($0)", endpoint: $1)
                        })
                ])
        ]
        return configuration
    }

    private func failure(_ configuration: Configuration) throws -> StartError {
        var startup = Startup(configuration, workerCount: 1)
        do throws(StartError) {
            _ = try startup.build()
        } catch {
            for socket in startup.sockets { socket.removeFile() }
            return error
        }
        throw Missing("an error")
    }

    @Test("every listener is bound, and port 0 becomes the port that the kernel chose")
    func bound() throws {
        let path = folder.file("s")
        var startup = Startup(
            configuration(listen: [.local(0), .ip(.loopbackV6, port: 0), .unix(path: path)]),
            workerCount: 2)
        let topology = try startup.build()
        #expect(startup.sockets.count == 3)
        for listener in topology.listeners {
            #expect(listener.endpoint != .local(0))
            _ = try TestSocket.connect(to: listener.endpoint)
        }
        #expect(topology.channels.map(\.path) == ["s/g/0"])
        #expect(topology.channels[0].counters.count == 2)
        for socket in startup.sockets { socket.removeFile() }
        #expect(folder.names.isEmpty)
    }

    @Test("an address in use is named, with the remedy")
    func inUse() throws {
        let door = try TestDoor()
        let error = try failure(configuration(listen: [door.endpoint]))
        #expect(error.code == .unavailable)
        #expect(
            error.message
                == "cannot listen on \(door.endpoint): bind: Address already in use; "
                + "stop whoever listens there, or choose another port")
    }

    @Test("a name that does not resolve is named, with the remedy", arguments: [true, false])
    func unresolvable(isListener: Bool) throws {
        let nowhere = Endpoint.name("nobody.invalid", port: 80)
        let error = try failure(
            isListener
                ? configuration(listen: [nowhere])
                : configuration(listen: [.local(0)], channels: [.local(1), nowhere]))
        #expect(error.code == .configuration)
        #expect(error.message.hasPrefix("“nobody.invalid:80” does not resolve: "))
        #expect(error.message.hasSuffix("; correct the name, or write an address"))
    }

    @Test("a plain file in a socket's place is named, and kept")
    func plainFile() throws {
        try folder.write("precious", to: "s")
        let path = folder.file("s")
        let error = try failure(configuration(listen: [.unix(path: path)]))
        #expect(error.code == .unavailable)
        #expect(
            error.message
                == "cannot listen on unix:\(path): a file that is not a socket is in the way; "
                + "remove it, or choose another path")
        #expect(folder.names == ["s"])
    }

    @Test("another process's Unix socket is named, and kept")
    func alive() throws {
        let path = folder.file("s")
        let owner = try Socket.open(family: AF_UNIX)
        try Socket.bind(owner, to: .of(.unix(path: path)))
        try Socket.listen(owner, backlog: 1)
        let error = try failure(configuration(listen: [.unix(path: path)]))
        #expect(error.code == .unavailable)
        #expect(error.message.contains("another process answers there"))
        #expect(folder.names == ["s"])
    }

    @Test("when one listener cannot be, those before it leave no file behind")
    func leavesNothing() throws {
        let door = try TestDoor()
        let error = try failure(
            configuration(listen: [.unix(path: folder.file("s")), door.endpoint]))
        #expect(error.code == .unavailable)
        #expect(folder.names.isEmpty)
    }

    @Test(
        "errors of the system have their exit code and their remedy",
        arguments: [
            (EADDRINUSE, .unavailable, "another port"), (EACCES, .permission, "privileges"),
            (EPERM, .permission, "privileges"), (EADDRNOTAVAIL, .system, "no such address"),
            (ENOENT, .system, "make the directory first"), (EINVAL, .system, "see bind(2)"),
        ] as [(CInt, StartError.Code, String)])
    func codes(number: CInt, code: StartError.Code, remedy: String) {
        let error = StartError(
            failure: .system(SystemError("bind", number)), at: "X", doing: "listen on")
        #expect(error.code == code)
        #expect(error.message.hasPrefix("cannot listen on X: bind: "))
        #expect(error.message.contains(remedy))
    }

    @Test("an address that this machine does not have says so")
    func notOurs() throws {
        let error = try failure(configuration(listen: [try Endpoint("192.0.2.77:0")]))
        #expect(error.code == .system)
        #expect(error.message.hasSuffix("this machine has no such address"))
    }

    // MARK: Open sockets under other settings

    /// How many clients may wait in the kernel: of a listening socket TCP_INFO tells so (tcp(7)).
    private func backlog(_ socket: ListeningSocket) throws -> UInt32 {
        var info = clinux_tcp_info()
        var length = socklen_t(MemoryLayout<clinux_tcp_info>.size)
        let result = unsafe getsockopt(
            socket.number, CInt(IPPROTO_TCP), TCP_INFO, &info, &length)
        guard result == 0 else { throw SystemError("getsockopt") }
        return info.sacked
    }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    @Test("another backlog and mode are taken by the sockets that are open")
    func otherSettings() throws {
        let path = folder.file("s")
        let first = configuration(listen: [.local(0), .unix(path: path)])
        var startup = Startup(first, workerCount: 1)
        _ = try startup.build()
        let before = startup.sockets
        #expect(try backlog(before[0]) == min(4096, try systemLimit()))
        #expect(mode(path) == 0o666)
        var second = first
        second.services[0].listeners[0].backlog = 17
        second.services[0].listeners[1].mode = 0o600
        _ = try startup.become(second)
        #expect(startup.sockets.map(\.number) == before.map(\.number))
        #expect(try backlog(startup.sockets[0]) == 17)
        #expect(mode(path) == 0o600)
        // Under another name it is the same socket still.
        var third = second
        third.services[0].listeners[1].name = "other"
        third.services[0].listeners[1].mode = 0o640
        _ = try startup.become(third)
        #expect(mode(path) == 0o640)
        for socket in startup.sockets { socket.removeFile() }
    }

    /// More than that the kernel does not take (/proc/sys/net/core/somaxconn).
    private func systemLimit() throws -> UInt32 {
        let bytes = try WholeFile.read("/proc/sys/net/core/somaxconn", most: 4096) ?? []
        let text = String(decoding: bytes, as: UTF8.self)
        return try #require(UInt32(text.prefix { $0.isNumber }))
    }

    @Test("an open Unix socket keeps its user and group, and says what to do")
    func otherOwner() throws {
        let first = configuration(listen: [.unix(path: folder.file("s"))])
        var startup = Startup(first, workerCount: 1)
        _ = try startup.build()
        var second = first
        second.services[0].listeners[0].group = "0"
        do throws(StartError) {
            _ = try startup.become(second)
            Issue.record("it was taken")
        } catch {
            #expect(
                error.message
                    == "listener s/0: an open socket keeps its user and group; restart the daemon, or give the listener another path"
            )
        }
        #expect(startup.sockets.count == 1)
        for socket in startup.sockets { socket.removeFile() }
    }
}
