import CLinux
import Glibc
import Testing

@testable import proxyd

@Suite("End reasons and error numbers")
struct EndReasonTests {
    @Test("every party and every stage has a letter of its own")
    func letters() {
        #expect(Set(EndReason.Who.allCases.map(\.letter)).count == EndReason.Who.allCases.count)
        #expect(Set(EndReason.When.allCases.map(\.letter)).count == EndReason.When.allCases.count)
        #expect(EndReason.Who.allCases.map(\.letter).joined() == "-CSPKcsRU")
        #expect(EndReason.When.allCases.map(\.letter).joined() == "-AHQCDF")
    }

    @Test(
        "the code is who and when, then the cause in words",
        arguments: [
            (EndReason.done, "-- done"),
            (EndReason(who: .channelIdle, when: .data, cause: .timeout), "sD timeout"),
            (EndReason(who: .operator, when: .halfClosed, cause: .cut), "KF cut"),
            (EndReason(who: .resource, when: .connect, cause: .ports), "RC local ports"),
            (EndReason(who: .client, when: .queue, cause: .deadPeer), "CQ dead peer"),
            (EndReason(who: .proxy, when: .accept, cause: .denied), "PA denied"),
            (EndReason(who: .clientIdle, when: .preread, cause: .timeout), "cH timeout"),
            (EndReason(who: .client, when: .preread, cause: .closed), "CH closed"),
        ])
    func text(reason: EndReason, expected: String) { #expect("\(reason)" == expected) }

    @Test(
        "what an error of a connect means",
        arguments: [
            (ECONNREFUSED, .refused), (ENOENT, .refused), (EAGAIN, .refused), (EACCES, .refused),
            (EPERM, .refused), (EHOSTUNREACH, .unreachable), (ENETUNREACH, .unreachable),
            (EHOSTDOWN, .unreachable), (ENETDOWN, .unreachable), (EAFNOSUPPORT, .unreachable),
            (ETIMEDOUT, .timeout), (ECONNRESET, .reset), (EPIPE, .reset), (EMFILE, .descriptors),
            (ENFILE, .descriptors), (EADDRNOTAVAIL, .ports), (EADDRINUSE, .ports),
            (ENOMEM, .memory), (ENOBUFS, .memory), (EINVAL, .other), (0, .other), (-1, .other),
        ] as [(CInt, EndReason.Cause)])
    func connectErrors(number: CInt, cause: EndReason.Cause) {
        #expect(EndReason.Cause(connectError: number) == cause)
        #expect(cause.isShortage == [.descriptors, .ports, .memory].contains(cause))
    }

    @Test(
        "what an error of an established connection means",
        arguments: [
            (ECONNRESET, .reset), (EPIPE, .reset), (ECONNABORTED, .reset), (ETIMEDOUT, .deadPeer),
            (EHOSTUNREACH, .deadPeer), (ENETUNREACH, .deadPeer), (ENOMEM, .memory),
            (ENOBUFS, .memory), (EINVAL, .other), (ECONNREFUSED, .other), (EMFILE, .other),
        ] as [(CInt, EndReason.Cause)])
    func streamErrors(number: CInt, cause: EndReason.Cause) {
        #expect(EndReason.Cause(streamError: number) == cause)
    }

    @Test("what fails about our own socket is not the channel's fault")
    func ownSocket() {
        typealias Cause = EndReason.Cause
        #expect(Cause(connectError: SystemError("bind", EADDRNOTAVAIL)) == .localSocket)
        #expect(Cause(connectError: SystemError("SO_BINDTODEVICE", ENODEV)) == .localSocket)
        #expect(Cause(connectError: SystemError("connect", EADDRNOTAVAIL)) == .ports)
        #expect(Cause(connectError: SystemError("socket", EMFILE)) == .descriptors)
        #expect(Cause(connectError: SystemError("bind", ENOMEM)) == .memory)
        #expect(Cause(connectError: SystemError("connect", ECONNREFUSED)) == .refused)
        #expect(Cause.localSocket.isShortage)
    }

    @Test("a system error names its call and the kernel's reason")
    func systemError() {
        #expect("\(SystemError("bind", EADDRINUSE))" == "bind: Address already in use")
        #expect(SystemError("bind", 1) != SystemError("listen", 1))
        #expect(SystemError("bind", 1) != SystemError("bind", 2))
        for number in [EMFILE, ENFILE, ENOBUFS, ENOMEM] {
            #expect(SystemError("x", number).isShortage)
        }
        #expect(!SystemError("x", ECONNREFUSED).isShortage)
    }
}
