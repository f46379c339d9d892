internal import Shared

/// libFuzzer's entrance (`scripts/fuzz`): bytes that break what WireChecks states end the process, and
/// libFuzzer keeps them in a file.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    if let violation = WireChecks.violation(by: bytes) { fatalError(violation) }
    return 0
}
