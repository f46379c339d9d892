import Foundation
import Shared
import TestTerminal
import Testing

extension EndToEnd {
    /// Two people at one daemon.
    @Suite("who else is at the control socket")
    struct PresenceTests {
        private static let services = """
            - name: mail
              listen: ["127.0.0.1:0"]
              channels: [ { name: a, address: "127.0.0.1:1" }, { name: b, address: "127.0.0.1:2" } ]
            """

        private func present(_ control: RawControl) throws -> [PresenceSnapshot] {
            let table = try #require(Table(lines: try control.ask("show control").lines))
            return PresenceSnapshot.all(in: table)
        }

        @Test("each sees the other, and what he is about to change, until he is gone")
        func sees() throws {
            try withDaemon(Self.services) { daemon in
                let mine = try RawControl(daemon)
                try eventually("nobody else is there") { try present(mine).count == 1 }
                #expect(try present(mine).map(\.isOwn) == [true])
                #expect(try present(mine).first?.pid == UInt64(getpid()))
                do {
                    let other = try RawControl(daemon)
                    #expect(try other.ask("intend mail/0/a mail/0/b").word == "OK")
                    #expect(try present(mine).map(\.intends) == [[], ["mail/0/a", "mail/0/b"]])
                    #expect(try present(other).map(\.isOwn) == [false, true])
                    #expect(try other.ask("intend mail/0/nobody").word == "not-found")
                    #expect(try present(mine).last?.intends == ["mail/0/a", "mail/0/b"])
                    let many = Array(repeating: "mail", count: 65).joined(separator: " ")
                    #expect(try other.ask("intend \(many)").word == "usage")
                    #expect(try other.ask("intend").word == "OK")
                    #expect(try present(mine).last?.intends == [])
                    #expect(try other.ask("intend mail").word == "OK")
                }
                try eventually("the other has gone") { try present(mine).count == 1 }
            }
        }

        @Test("a preview that is open on one screen is named on the other")
        func screens() throws {
            try withDaemon(Self.services) { daemon in
                let program = try BuiltProgram.path("proxytop")
                let (one, two) = (
                    try TmuxTerminal(columns: 120, rows: 30),
                    try TmuxTerminal(columns: 120, rows: 30)
                )
                for terminal in [one, two] {
                    try terminal.start(
                        "\(program) --glyphs ascii --view channels --interval 0.25 --socket \(daemon.controlPath)"
                    )
                    try terminal.waitFor(text: "0.b")
                }
                try one.waitFor(text: "control 2 (2 rw)")
                try one.keys("D")
                try one.waitFor(text: "y sends it")
                try two.waitFor(text: "(proxytop) is about to change mail/0/a")
                try two.keys("D")
                try two.waitFor(text: "y sends it")
                try one.waitFor(text: "(proxytop) is about to change mail/0/a.")
                try two.keys("Escape")
                try one.waitFor("the other has closed it") {
                    !$0.contains("is about to change") && $0.contains("y sends it")
                }
                try one.keys("Escape")
                for terminal in [one, two] {
                    try terminal.waitFor("no preview") { !$0.contains("y sends it") }
                    try terminal.keys("Q")
                    try terminal.waitForEnd()
                }
            }
        }
    }
}
