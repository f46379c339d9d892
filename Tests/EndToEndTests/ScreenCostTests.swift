import Foundation
import TestTerminal
import Testing

extension EndToEnd {
    /// What a screen costs, as far as it is the same on a busy machine and with a debug build: bytes on the line and memory.
    /// The rest is measured by `scripts/bench screen`.
    @Suite("what proxytop costs")
    struct ScreenCostTests {
        @Test("a tick is at most so many bytes, and the program has at most so much memory")
        func budgets() throws {
            let programs = (Daemon.binary as NSString).deletingLastPathComponent
            let result = try Command.run([
                "/usr/bin/python3", "-B", DocumentTests.root + "/scripts/bench.d/screen.py",
                "--programs", programs, "--quick", "--seconds", "3", "--channels", "200",
                "--connections", "400", "--check", "1.25",
            ])
            #expect(result.status == 0, "\(result.output)")
            #expect(result.output.contains("200x60 channels: bytes per tick"))
        }
    }
}
