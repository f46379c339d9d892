import CLinux
import Glibc
import Testing

@testable import proxyd

@Suite("Poller", .timeLimit(.untilHung))
struct PollerTests {
    @Test("an event carries the token it was asked with, and what the descriptor is ready for")
    func events() throws {
        let poller = try Poller()
        let (near, far) = try TestSocket.pair(.unix)
        let token = Token(.client, slot: 3, generation: 9)
        try poller.add(near.number, token, [.readable, .readEnd])
        #expect(poller.wait(milliseconds: 0) == 0)
        try far.send("x")
        #expect(poller.wait(milliseconds: Wait.patience) == 1)
        #expect(poller[0].token == token)
        #expect(poller[0].readiness == .readable)
        far.endWrites()
        #expect(poller.wait(milliseconds: Wait.patience) == 1)
        #expect(poller[0].readiness == [.readable, .readEnd])
    }

    @Test("what is edge-triggered is told once")
    func edge() throws {
        let poller = try Poller()
        let (near, far) = try TestSocket.pair(.unix)
        try poller.add(near.number, Token(.client), [.readable, .edge])
        try far.send("x")
        #expect(poller.wait(milliseconds: Wait.patience) == 1)
        #expect(poller.wait(milliseconds: 0) == 0)
        try far.send("y")
        #expect(poller.wait(milliseconds: Wait.patience) == 1)
    }

    @Test(
        "what is watched for nothing wakes nobody, whatever its peer does, and can be watched again",
        arguments: [Readiness.readable, .writable, [.readable, .writable]])
    func ignored(before: Readiness) throws {
        let poller = try Poller()
        let token = Token(.client)
        let near: TestSocket
        do {
            let (one, far) = try TestSocket.pair(.unix)
            near = one
            try poller.add(near.number, token, before)
            try poller.change(near.number, token, from: before, to: [])
            _ = far
        }
        #expect(poller.wait(milliseconds: 0) == 0)
        try poller.change(near.number, token, from: [], to: .readable)
        #expect(poller.wait(milliseconds: Wait.patience) == 1)
        #expect(poller[0].readiness.contains(.hangUp))
    }

    @Test("a closed descriptor is forgotten, and one that cannot be watched is an error")
    func forgotten() throws {
        let poller = try Poller()
        do {
            let (near, far) = try TestSocket.pair(.unix)
            try poller.add(near.number, Token(.client), .readable)
            try far.send("x")
        }
        #expect(poller.wait(milliseconds: 0) == 0)
        let (near, _) = try TestSocket.pair(.unix)
        #expect(throws: SystemError("epoll_ctl", ENOENT)) {
            try poller.modify(near.number, Token(.client), .readable)
        }
    }
}

@Suite("Signals as events", .serialized, .timeLimit(.untilHung))
struct SignalSourceTests {
    @Test("a signal sent to the thread is read, once, and ends nobody")
    func read() throws {
        let source = try SignalSource([SIGUSR2])
        #expect(source.next() == nil)
        pthread_kill(pthread_self(), SIGUSR2)
        #expect(Wait.poll(source.number, POLLIN) != nil)
        #expect(source.next() == SIGUSR2)
        #expect(source.next() == nil)
    }
}
