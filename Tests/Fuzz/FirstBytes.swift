/// libFuzzer's entrance (`scripts/fuzz`), for what clients begin with.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    if let violation = FirstBytesChecks.violation(by: bytes) { fatalError(violation) }
    return 0
}
