import CLinux
import Glibc
import Synchronization
import Testing

@testable import proxyd

@Suite("Mailbox", .timeLimit(.untilHung))
struct MailboxTests {
    private struct Letter: Sendable {
        var sender: Int
        var number: Int
    }

    @Test("of several threads' messages none is lost, and each sender's keep their order")
    func threads() throws {
        let mailbox = try Mailbox<Letter>()
        let (senders, each) = (4, 5000)
        let threads = try (0..<senders).map { sender in
            try Thread(name: "sender") {
                for number in 0..<each { mailbox.post(Letter(sender: sender, number: number)) }
            }
        }
        var next = [Int](repeating: 0, count: senders)
        while next.reduce(0, +) < senders * each {
            // Without a wake-up for every message that was left, this wait never ends.
            guard Wait.poll(mailbox.descriptor, POLLIN) != nil else {
                throw Missing("a wake-up; got \(next)")
            }
            for letter in mailbox.take() {
                #expect(letter.number == next[letter.sender])
                next[letter.sender] = letter.number + 1
            }
        }
        for thread in threads { thread.join() }
        #expect(next == Array(repeating: each, count: senders))
        #expect(mailbox.take().isEmpty)
    }

    @Test("taking everything quiets the descriptor")
    func quiet() throws {
        let mailbox = try Mailbox<Int>()
        #expect(Wait.poll(mailbox.descriptor, POLLIN, milliseconds: 0) == nil)
        for number in 0..<3 { mailbox.post(number) }
        #expect(Wait.poll(mailbox.descriptor, POLLIN, milliseconds: 0) != nil)
        #expect(mailbox.take() == [0, 1, 2])
        #expect(Wait.poll(mailbox.descriptor, POLLIN, milliseconds: 0) == nil)
    }
}
