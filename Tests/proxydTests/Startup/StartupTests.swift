import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Startup", .timeLimit(.minutes(1)))
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
                == "cannot listen on unix:\(path): a file that is no socket is in the way; "
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
}
