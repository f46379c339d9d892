/// What a worker lends to its flows: the scratch buffer that every receive goes through, buffers for
/// bytes that a sink would not take yet, and pipes for flows that stream.
///
/// Everything is lent only while bytes are in flight, so an idle session holds nothing.
final class BufferPool {
    /// Filled and emptied within one pump.
    private(set) var scratch = CopyBuffer()
    private var freeBuffers: [CopyBuffer] = []
    private var freePipes: [SplicePipe] = []
    /// Pipes that exist, lent and free.
    private(set) var pipeCount = 0
    let pipeLimit: Int
    let mode: RelayMode

    private static let freeBuffersKept = 16

    init(mode: RelayMode, pipeLimit: Int) {
        self.mode = mode
        self.pipeLimit = pipeLimit
    }

    /// Hands out the scratch buffer with the bytes that are left in it; another takes its place.
    func takeScratch() -> CopyBuffer {
        let taken = scratch
        scratch = freeBuffers.popLast() ?? CopyBuffer()
        return taken
    }

    func giveBack(_ buffer: CopyBuffer) {
        if freeBuffers.count < Self.freeBuffersKept { freeBuffers.append(buffer) }
    }

    /// An empty pipe, or nil when the limit is reached; then bytes are copied.
    func lendPipe() -> SplicePipe? {
        if let pipe = freePipes.popLast() { return pipe }
        guard pipeCount < pipeLimit, let pipe = try? SplicePipe() else { return nil }
        pipeCount += 1
        return pipe
    }

    /// Counts a pipe in that another process has lent.
    func adopt(_ pipe: SplicePipe) { pipeCount += 1 }

    /// Takes a pipe back. One with bytes in it must not be lent again: they belong to its last session.
    func giveBack(_ pipe: SplicePipe) {
        guard pipe.isEmpty else {
            pipeCount -= 1
            return
        }
        freePipes.append(pipe)
    }
}

/// How bytes are moved.
enum RelayMode: String, Sendable, CaseIterable {
    /// Copied at first, spliced once a flow streams.
    case adaptive
    case copy
    case splice
}
