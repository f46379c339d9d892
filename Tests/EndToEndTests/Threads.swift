import Foundation
import Synchronization

/// Runs the work so many times at once, each on a thread of its own; returns when all are done.
///
/// - Throws: the first error that any of them threw.
func concurrently<Result: Sendable>(
    _ count: Int, _ work: @escaping @Sendable (Int) throws -> Result
) throws -> [Result] {
    let results = Mutex<[Int: Result]>([:])
    let failure = Mutex<(any Error)?>(nil)
    let group = DispatchGroup()
    let shared = Shelf(results: results, failure: failure)
    for index in 0..<count {
        group.enter()
        let thread = Thread {
            defer { group.leave() }
            do {
                let result = try work(index)
                shared.results.withLock { $0[index] = result }
            } catch {
                shared.failure.withLock { $0 = $0 ?? error }
            }
        }
        thread.stackSize = 512 * 1024
        thread.start()
    }
    group.wait()
    if let error = shared.failure.withLock({ $0 }) { throw error }
    return shared.results.withLock { found in (0..<count).compactMap { found[$0] } }
}

/// Where threads leave what they found.
private final class Shelf<Result: Sendable>: Sendable {
    let results: Mutex<[Int: Result]>
    let failure: Mutex<(any Error)?>

    init(results: consuming Mutex<[Int: Result]>, failure: consuming Mutex<(any Error)?>) {
        self.results = results
        self.failure = failure
    }
}
