/// What goes by, as another program prints it.
protocol Transcript: Sendable {
    func text(of bytes: [UInt8], isFromClient: Bool) -> [UInt8]
    func end(isFromClient: Bool, isError: Bool) -> [UInt8]
}
