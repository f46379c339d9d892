import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Descriptors", .timeLimit(.untilHung))
struct DescriptorTests {
    private func isOpen(_ number: CInt) -> Bool { fcntl(number, F_GETFD) >= 0 }

    /// The file that a number stands for; another one when it was closed and given out again.
    private func identity(_ number: CInt) -> UInt64? {
        var status = stat()
        return unsafe fstat(number, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    @Test("a descriptor is closed when its owner's scope ends, also by an error")
    func scope() throws {
        struct Stop: Error {}
        var number: CInt = -1
        var file: UInt64?
        func work() throws {
            let descriptor = try Socket.open(family: AF_INET)
            number = descriptor.number
            file = identity(number)
            if descriptor.number >= 0 { throw Stop() }
        }
        #expect(throws: Stop.self) { try work() }
        #expect(file != nil)
        #expect(identity(number) != file)
    }

    @Test("a descriptor that was given up stays open")
    func release() throws {
        let number = try Socket.open(family: AF_INET).release()
        #expect(isOpen(number))
        #expect(close(number) == 0)
        #expect(FileDescriptor.none.number == -1)
    }

    @Test("sockets do not block, and are closed on exec", arguments: [AF_INET, AF_INET6, AF_UNIX])
    func flags(family: CInt) throws {
        let descriptor = try Socket.open(family: family)
        #expect(fcntl(descriptor.number, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(descriptor.number, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test("the descriptors in use are counted, within the limit")
    func used() throws {
        let used = try #require(DescriptorLimit.used)
        #expect(used >= 3)
        #expect(used <= DescriptorLimit.raise())
    }

    @Test("a connect to an address that nobody listens at fails with the kernel's reason")
    func refused() throws {
        let door = try TestDoor.refusing()
        let started = try ChannelSocket.connect(to: .of(door.endpoint), deadPeer: .seconds(3))
        let isConnected = started.isConnected
        let socket = started.takeDescriptor()
        #expect(!isConnected)
        #expect(Wait.poll(socket.number, POLLOUT) != nil)
        #expect(Socket.pendingError(socket) == ECONNREFUSED)
        #expect(Socket.pendingError(socket) == 0)
    }

    @Test("a connect to a Unix socket is through at once or refused at once")
    func unix() throws {
        let folder = try TestFolder()
        let address = try SocketAddress.of(.unix(path: folder.file("s")))
        #expect(throws: SystemError("connect", ENOENT)) {
            _ = try ChannelSocket.connect(to: address, deadPeer: nil)
        }
        let listening = try Socket.open(family: AF_UNIX)
        try Socket.bind(listening, to: address)
        try Socket.listen(listening, backlog: 1)
        #expect(try ChannelSocket.connect(to: address, deadPeer: .seconds(1)).isConnected)
    }

    @Test("a peer's credentials are ours when it is ourselves")
    func credentials() throws {
        let (near, far) = try TestSocket.pair(.unix)
        let descriptor = FileDescriptor(owning: dup(near.number))
        let credentials = PeerCredentials(of: descriptor)
        #expect(credentials.uid == geteuid())
        #expect(credentials.pid == getpid())
        #expect(PeerCredentials.program(of: getpid()) != "?")
        #expect(PeerCredentials.program(of: Int32.max) == "?")
        _ = far
    }

    @Test("a thread runs its function once, under its name")
    func thread() throws {
        let mailbox = try Mailbox<String>()
        let thread = try Thread(name: "a name that is far too long") {
            var name = [CChar](repeating: 0, count: 32)
            _ = unsafe pthread_getname_np(pthread_self(), &name, name.count)
            mailbox.post(
                String(
                    decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            )
        }
        thread.join()
        #expect(mailbox.take() == ["a name that is "])
    }
}

@Suite("What the process can carry")
struct DaemonLimitsTests {
    @Test(
        "two descriptors per session, after what is set aside for pipes and for ourselves",
        arguments: [
            (1024, nil, 64, 400), (1_048_576, nil, 120, 524_120), (20_000, nil, 120, 9832),
            (20_000, 500, 120, 500), (1024, 5000, 64, 400), (256, nil, 16, 64), (64, nil, 4, 1),
            (3, nil, 2, 1), (0, nil, 2, 1), (1024, 1, 64, 1),
        ] as [(Int, Int?, Int, Int)])
    func table(descriptors: Int, wanted: Int?, pipes: Int, sessions: Int) {
        let limits = DaemonLimits(descriptors: descriptors, wanted: wanted)
        #expect(limits.pipes == pipes)
        #expect(limits.sessions == sessions)
        #expect(limits.descriptors == descriptors)
    }

    @Test(
        "what is not a session’s is reserved for listeners, clients of control and metrics, probes and scripts"
    )
    func reserve() throws {
        func limits(_ services: String, _ more: String = "") throws -> DaemonLimits {
            DaemonLimits(
                descriptors: 1024,
                for: try ConfigurationFile.parse("services:\n\(services)\n\(more)", name: "f"),
                workers: 2)
        }
        let one = "- {name: a, listen: [\"127.0.0.1:1\"], channels: [\"127.0.0.1:2\"]}"
        #expect(try limits(one).reserved == 98)
        let many = (1...300).map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
        let full = "- {name: a, listen: [\(many)], channels: [\"127.0.0.1:2\"]}"
        #expect(try limits(full).reserved == 397)
        #expect(try limits(full).sessions == (1024 - 397 - 128) / 2)
        #expect(try limits(one, "metrics: {listen: \"127.0.0.1:3\"}").reserved == 98 + 17)
        func probed(_ probe: String) -> String {
            "- {name: a, listen: [\"127.0.0.1:1\"], channels: [\"127.0.0.1:2\", \"127.0.0.1:3\"], probe: \(probe)}"
        }
        #expect(try limits(probed("connect")).reserved == 100)
        #expect(try limits(probed("{kind: script, command: /bin/true}")).reserved == 100 + 48)
    }
}

@Suite("Clock")
struct ClockTests {
    @Test("the monotonic clock does not go back")
    func monotonic() {
        let first = Instant.now
        #expect(Instant.now >= first)
        #expect(Instant.at(3).elapsed(since: .at(5)) == 0)
        #expect(Instant.at(5).milliseconds(since: .at(3)) == 2000)
    }

    @Test(
        "a duration in whole nanoseconds is neither negative nor too large to add",
        arguments: [
            (.zero, 0), (.milliseconds(1), 1_000_000), (.seconds(-1), 0), (.nanoseconds(-1), 0),
            (.nanoseconds(7), 7), (.seconds(60), 60_000_000_000),
            (.seconds(Int64.max), 9_000_000_000_000_000_000),
        ] as [(Duration, UInt64)])
    func durations(duration: Duration, nanoseconds: UInt64) {
        #expect(duration.wholeNanoseconds == nanoseconds)
        #expect(Instant.at(1_000_000).advanced(by: duration) >= .at(1_000_000))
    }
}
