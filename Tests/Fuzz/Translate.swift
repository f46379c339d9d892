internal import Glibc

/// libFuzzer's entrance (`scripts/fuzz`), for `proxyd translate`. Before the corpus is read, what it begins with is written into the
/// folder that `FUZZ_SEEDS` names.
@_cdecl("LLVMFuzzerInitialize")
public func writeSeeds(
    _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
    guard let folder = unsafe getenv("FUZZ_SEEDS") else { return 0 }
    for (index, seed) in TranslateChecks.seeds.enumerated() {
        guard let file = unsafe fopen("\(unsafe String(cString: folder))/\(index)", "w") else {
            return 0
        }
        _ = unsafe fwrite(seed, 1, seed.count, file)
        _ = unsafe fclose(file)
    }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    if let violation = TranslateChecks.violation(by: bytes) { fatalError(violation) }
    return 0
}
