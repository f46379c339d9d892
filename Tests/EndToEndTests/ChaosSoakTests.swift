import Foundation
import Testing

extension EndToEnd {
    @Suite("a daemon among changes")
    struct ChaosSoakTests {
        @Test(
            "no byte is lost while it is reloaded, changed, upgraded and frozen; nothing is left at the end",
            .enabled(if: Program.exist("python3")))
        func chaos() throws {
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appending(path: "../../scripts/soak.d/chaos.py").standardized.path
            // The seed tells what to repeat: chaos.py PROXYD SECONDS SEED.
            try Program.run(
                ["python3", script, Daemon.binary, "15"], within: .seconds(180))
        }
    }
}
