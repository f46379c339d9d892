import Glibc
import Testing

@testable import proxyd

/// A signal in the middle of a call says nothing about the socket: no event would tell of it again.
@Suite("interrupted calls")
struct InterruptionTests {
    /// What a call answers, one time after the other: a count, or an error below 0.
    private final class Call {
        private var answers: [Int]
        init(_ answers: [Int]) { self.answers = answers }

        var isOver: Bool { answers.isEmpty }

        func callAsFunction() -> Int {
            let answer = answers.removeFirst()
            guard answer < 0 else { return answer }
            errno = CInt(-answer)
            return -1
        }
    }

    @Test(
        "receive, send, splice and packets try again after a signal, and wait for nothing else",
        arguments: [
            ([5], IOResult.moved(5)), ([0], .endOfStream), ([-Int(EAGAIN)], .wouldBlock),
            ([-Int(ECONNRESET)], .failed(ECONNRESET)),
            ([-Int(EINTR), 5], .moved(5)), ([-Int(EINTR), -Int(EINTR), 0], .endOfStream),
            ([-Int(EINTR), -Int(EAGAIN)], .wouldBlock),
            ([-Int(EINTR), -Int(EPIPE)], .failed(EPIPE)),
        ] as [([Int], IOResult)])
    func outcomes(answers: [Int], outcome: IOResult) {
        let call = Call(answers)
        #expect("\(Socket.outcome(call()))" == "\(outcome)")
        #expect(call.isOver)
    }
}
