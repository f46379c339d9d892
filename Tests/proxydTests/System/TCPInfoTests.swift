import CLinux
import Glibc
import Testing

@testable import proxyd

@Suite("What the kernel knows of a connection", .timeLimit(.untilHung))
struct TCPFactsTests {
    @Test("the layout is the kernel's")
    func layout() {
        #expect(MemoryLayout<clinux_tcp_info>.offset(of: \.total_retrans) == 100)
        #expect(MemoryLayout<clinux_tcp_info>.offset(of: \.notsent_bytes) == 144)
        #expect(MemoryLayout<clinux_tcp_info>.offset(of: \.busy_time) == 168)
        #expect(MemoryLayout<clinux_tcp_info>.offset(of: \.snd_wnd) == 228)
        // The beginning, as glibc has it.
        #expect(
            MemoryLayout<tcp_info>.offset(of: \.tcpi_total_retrans)
                == MemoryLayout<clinux_tcp_info>.offset(of: \.total_retrans))
    }

    @Test("bytes sent and received are counted, and where they wait")
    func counts() throws {
        let (caller, callee) = try TestSocket.pair(.tcp)
        try caller.send("hello")
        #expect(try callee.receiveText(5) == "hello")
        let own = FileDescriptor(owning: dup(caller.number))
        let others = FileDescriptor(owning: dup(callee.number))
        let sender = TCPInfo(of: own)
        let facts = try #require(sender)
        #expect(facts.state == .established)
        #expect(facts.sent == 5)
        #expect(facts.rtt > 0)
        let receiver = TCPInfo(of: others)
        #expect(receiver?.received == 5)
        let plenty = [UInt8](repeating: 1, count: 65_536)
        while try caller.sendSome(plenty[...]) > 0 {}
        try Wait.until("the window to be closed") { (TCPInfo(of: own)?.unsent ?? 0) > 0 }
    }

    @Test("what is no TCP connection has no facts")
    func none() throws {
        let (one, _) = try TestSocket.pair(.unix)
        let descriptor = FileDescriptor(owning: dup(one.number))
        let (facts, nothing) = (TCPInfo(of: descriptor), TCPInfo(of: FileDescriptor.none))
        #expect(facts == nil)
        #expect(nothing == nil)
    }
}
