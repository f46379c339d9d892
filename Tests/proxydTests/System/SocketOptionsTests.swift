import CLinux
import Glibc
import Testing

@testable import proxyd

/// That what is asked for by name is what the kernel has afterwards.
@Suite("Socket options", .timeLimit(.untilHung))
struct SocketOptionsTests {
    private func value(
        _ option: SocketOption, _ descriptor: borrowing FileDescriptor
    ) throws -> CInt {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        guard
            unsafe getsockopt(descriptor.number, option.level, option.name, &value, &length) == 0
        else { throw SystemError("getsockopt") }
        return value
    }

    private func word(
        _ option: SocketOption, _ descriptor: borrowing FileDescriptor
    ) throws -> String {
        var bytes = [UInt8](repeating: 0, count: 64)
        var length = socklen_t(bytes.count)
        guard
            unsafe getsockopt(descriptor.number, option.level, option.name, &bytes, &length) == 0
        else { throw SystemError("getsockopt") }
        return String(decoding: bytes.prefix(Int(length)).prefix { $0 != 0 }, as: UTF8.self)
    }

    private static let protocolOption = SocketOption(level: SOL_SOCKET, name: SO_PROTOCOL)

    @Test(
        "keepalive, congestion and dscp are the kernel's afterwards",
        arguments: [AF_INET, AF_INET6])
    func connections(family: CInt) throws {
        var options = SocketOptions()
        options.dscp = 46
        options.congestion = "reno"
        (options.keepAliveIdle, options.keepAliveInterval, options.keepAliveCount) = (31, 7, 4)
        let descriptor = try options.open(family: family)
        try options.set(on: descriptor, family: family)
        let quality: SocketOption = family == AF_INET6 ? .trafficClass : .typeOfService
        #expect(try value(quality, descriptor) == 46 << 2)
        #expect(try value(.keepAliveIdle, descriptor) == 31)
        #expect(try value(.keepAliveInterval, descriptor) == 7)
        #expect(try value(.keepAliveCount, descriptor) == 4)
        #expect(try word(.congestion, descriptor) == "reno")
        #expect(try value(Self.protocolOption, descriptor) == CInt(IPPROTO_TCP))
    }

    @Test("mark and interface are, where we may; where not, the option is named")
    func privileged() throws {
        var options = SocketOptions()
        options.mark = 0x2A
        let descriptor = try options.open(family: AF_INET)
        if let refusal = refusal(of: options, on: descriptor) {
            #expect(refusal == SystemError("SO_MARK", EPERM))
        } else {
            #expect(try value(.mark, descriptor) == 0x2A)
        }
        options.mark = nil
        options.interface = "lo"
        if let refusal = refusal(of: options, on: descriptor) {
            #expect(refusal == SystemError("SO_BINDTODEVICE", EPERM))
        } else {
            #expect(try word(.bindToDevice, descriptor) == "lo")
        }
        options.interface = "no-such-one"
        #expect(refusal(of: options, on: descriptor) != nil)
    }

    private func refusal(
        of options: SocketOptions, on descriptor: borrowing FileDescriptor
    ) -> SystemError? {
        do throws(SystemError) {
            try options.set(on: descriptor, family: AF_INET)
            return nil
        } catch {
            return error
        }
    }

    @Test("multipath TCP is spoken where the kernel has it, and plain TCP where not")
    func multipath() throws {
        var options = SocketOptions()
        options.mptcp = true
        let descriptor = try options.open(family: AF_INET)
        let hasIt = (try? Socket.open(family: AF_INET, protocol: 262)) != nil
        #expect(
            try value(Self.protocolOption, descriptor) == (hasIt ? 262 : CInt(IPPROTO_TCP)))
    }

    @Test("a listener's own options are on its socket")
    func listeners() throws {
        var options = SocketOptions()
        options.deferAccept = 5
        options.fastOpen = true
        let descriptor = try options.open(family: AF_INET)
        try options.setListening(on: descriptor)
        // The kernel counts in retransmissions, and rounds up.
        #expect(try value(.deferAccept, descriptor) >= 5)
        #expect(try value(.fastOpen, descriptor) > 0)
    }
}
