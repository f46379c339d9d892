internal import Glibc

/// libFuzzer's entrances (`scripts/fuzz`). What is fuzzed is the `Target` that each of the other files here declares.
///
/// Before the corpus is read, the inputs that the target begins with are written into the folder that `FUZZ_SEEDS` names.
@_cdecl("LLVMFuzzerInitialize")
public func writeSeeds(
    _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
    guard let folder = unsafe getenv("FUZZ_SEEDS") else { return 0 }
    for (index, seed) in Target.seeds.enumerated() {
        guard let file = unsafe fopen("\(unsafe String(cString: folder))/\(index)", "w") else {
            return 0
        }
        _ = unsafe fwrite(seed, 1, seed.count, file)
        _ = unsafe fclose(file)
    }
    return 0
}

/// A violation ends the process, and libFuzzer keeps the input in a file.
@_cdecl("LLVMFuzzerTestOneInput")
public func checkInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let violation: ([UInt8]) throws -> String? = Target.violation
    do {
        if let found = try violation(bytes) { fatalError(found) }
    } catch {
        fatalError("\(error)")
    }
    return 0
}
