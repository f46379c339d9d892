/// Space for bytes on their way, and which part of it is taken.
@safe
final class CopyBuffer {
    /// As much as one receive may bring.
    static let size = 65_536

    private let memory: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0

    init() { unsafe memory = .allocate(byteCount: Self.size, alignment: 64) }

    deinit { unsafe memory.deallocate() }

    /// Bytes held.
    var count: Int { end - start }

    /// Receives into the empty buffer.
    @inline(__always)
    func fill(from source: CInt) -> IOResult {
        start = 0
        let outcome = unsafe Socket.receive(source, into: memory)
        if case .moved(let count) = outcome { end = count } else { end = 0 }
        return outcome
    }

    /// The same of an end that speaks TLS.
    func fill(from source: TLSConnection) -> IOResult {
        start = 0
        let outcome = unsafe source.receive(into: memory)
        if case .moved(let count) = outcome { end = count } else { end = 0 }
        return outcome
    }

    /// Receives behind what is held; nothing when it is full.
    func add(from source: TLSConnection) -> IOResult {
        guard unsafe end < memory.count else { return .wouldBlock }
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[end...])
        let outcome = unsafe source.receive(into: room)
        if case .moved(let count) = outcome { end += count }
        return outcome
    }

    /// Sends what is held, as much as `sink` takes; after the last bytes the end may travel in the
    /// same packet.
    @inline(__always)
    func drain(into sink: CInt, isLast: Bool) -> IOResult {
        let outcome = unsafe Socket.send(
            sink, UnsafeRawBufferPointer(rebasing: memory[start..<end]), moreFollows: isLast)
        if case .moved(let count) = outcome { start += count }
        return outcome
    }

    /// The same to an end that speaks TLS.
    func drain(into sink: TLSConnection) -> IOResult {
        let outcome = unsafe sink.send(UnsafeRawBufferPointer(rebasing: memory[start..<end]))
        if case .moved(let count) = outcome { start += count }
        return outcome
    }

    /// A copy of the bytes that it holds.
    var pending: [UInt8] { unsafe [UInt8](memory[start..<end]) }

    /// Holds these bytes, at most as many as one receive may bring.
    convenience init(holding bytes: ArraySlice<UInt8>) {
        self.init()
        let bytes = bytes.prefix(Self.size)
        unsafe memory.copyBytes(from: bytes)
        end = bytes.count
    }

    /// A copy of the last bytes that were drained.
    func drained(_ count: Int) -> [UInt8] { unsafe [UInt8](memory[start - count..<start]) }
}
