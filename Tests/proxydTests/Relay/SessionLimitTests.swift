import Synchronization
import Testing

@testable import proxyd

@Suite("Admission")
struct AdmissionTests {
    @Test(
        "eight threads together are never given more places than there are", arguments: [1, 5, 100])
    func exact(limit: Int) throws {
        let admission = SessionLimit(limit: limit)
        let box = Box(admission: admission)
        let threads = try (0..<8).map { _ in
            try Thread(name: "client") {
                for _ in 0..<2000 where box.admission.acquire() {
                    box.most.max(
                        box.inside.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                    box.inside.subtract(1, ordering: .relaxed)
                    box.admission.release()
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(box.most.load(ordering: .relaxed) <= limit)
        #expect(admission.current == 0)
        for _ in 0..<limit { #expect(admission.acquire()) }
        #expect(!admission.acquire())
        #expect(admission.current == limit)
    }

    private final class Box: Sendable {
        let admission: SessionLimit
        let inside = Atomic<Int>(0)
        let most = Atomic<Int>(0)

        init(admission: SessionLimit) { self.admission = admission }
    }
}
