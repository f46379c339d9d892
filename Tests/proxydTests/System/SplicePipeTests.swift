import CLinux
import Glibc
import Testing

@testable import proxyd

@Suite("Splice pipe", .timeLimit(.untilHung))
struct SplicePipeTests {
    @Test(
        "bytes come out as they went in, and the count says how many are inside",
        arguments: TestSocket.Kind.allCases)
    func roundTrip(kind: TestSocket.Kind) throws {
        let (writer, source) = try TestSocket.pair(kind)
        let (sink, reader) = try TestSocket.pair(kind)
        let pipe = try SplicePipe()
        let bytes = SeededGenerator.bytes(30_000)
        var read: [UInt8] = []
        for _ in 0..<5 {
            try writer.send(bytes)
            var moved = 0
            while moved < bytes.count {
                guard Wait.poll(source.number, POLLIN) != nil,
                    case .moved(let count) = pipe.fill(from: source.number)
                else { throw Missing("bytes") }
                #expect(pipe.count == count)
                while !pipe.isEmpty {
                    guard case .moved = pipe.drain(into: sink.number) else { throw Missing("room") }
                }
                moved += count
            }
            read += try reader.receive(bytes.count)
        }
        #expect(read == bytes + bytes + bytes + bytes + bytes)
    }

    @Test("a full sink leaves the rest in the pipe")
    func fullSink() throws {
        let (writer, source) = try TestSocket.pair(.unix)
        let (sink, reader) = try TestSocket.pair(.unix)
        let filler = [UInt8](repeating: 0, count: 65_536)
        while try sink.sendSome(filler[...]) > 0 {}
        let pipe = try SplicePipe()
        try writer.send("kept")
        guard case .moved(4) = pipe.fill(from: source.number) else { throw Missing("four bytes") }
        guard case .wouldBlock = pipe.drain(into: sink.number) else { throw Missing("a wait") }
        #expect(pipe.count == 4)
        while case .bytes = reader.receiveSome() {}
        guard case .moved(4) = pipe.drain(into: sink.number) else { throw Missing("room") }
        #expect(pipe.isEmpty)
        #expect(try reader.receiveText(4) == "kept")
    }
}
