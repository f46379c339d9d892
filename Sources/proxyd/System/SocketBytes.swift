internal import Glibc

/// The same as `receive` and `send` for those who keep bytes in arrays: probes, not sessions.
extension Socket {
    /// Receives into the front of `space`.
    static func receive(_ descriptor: CInt, into space: inout [UInt8]) -> IOResult {
        unsafe space.withUnsafeMutableBytes { unsafe receive(descriptor, into: $0) }
    }

    static func send(_ descriptor: CInt, _ bytes: ArraySlice<UInt8>) -> IOResult {
        unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0) }
    }
}
