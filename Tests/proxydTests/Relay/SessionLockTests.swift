#if DEBUG
    import Glibc
    import Shared
    import Testing

    @testable import proxyd

    @Suite("Locks of a session", .timeLimit(.untilHung))
    struct SessionLockTests {
        /// Mutexes that a worker locks from its start to its end, with so many plain sessions in between, one
        /// after the other.
        private func locks(sessions: Int) throws -> Int {
            let door = try TestDoor()
            let stand = try WorkerStand(
                [door.endpoint], WorkerStand.Settings(emitsEveryEnd: false))
            for _ in 0..<sessions {
                let client = try stand.connect()
                try client.send("question")
                let server = try door.accept()
                #expect(try server.receiveText(8) == "question")
                try server.send("an answer")
                #expect(try client.receiveText(9) == "an answer")
                client.endWrites()
                #expect(try server.receiveToEnd().isEmpty)
                server.endWrites()
                #expect(try client.receiveToEnd().isEmpty)
                #expect(stand.isEverythingBack)
            }
            stand.stop()
            return stand.lockCount
        }

        @Test("the plainest session takes at most three, from accept to close")
        func plainest() throws {
            let few = try locks(sessions: 1)
            let many = try locks(sessions: 11)
            #expect((many - few) <= 3 * 10, "\(many - few) locks for 10 sessions")
        }
    }
#endif
