import Foundation
import Testing

extension EndToEnd.DocumentTests {
    /// `docs/balancing.md` says by which commands its pictures were drawn. The tables are compared by
    /// `transcripts`.
    @Test("the pictures are what their commands draw")
    func pictures() throws {
        let document = try String(contentsOfFile: Self.root + "/docs/balancing.md", encoding: .utf8)
        let commands = Transcript.steps(in: document).map(\.command)
        let pictures = try FileManager.default.contentsOfDirectory(
            atPath: Self.root + "/docs/balancing")
        let drawn = commands.filter { $0.contains("--svg ") }.compactMap {
            $0.components(separatedBy: "--svg ").last
        }
        #expect(drawn.sorted() == pictures.sorted())
        let directory = try TemporaryDirectory()
        let path = (Daemon.binary as NSString).deletingLastPathComponent + ":/usr/bin:/bin"
        let shell = try Program(
            ["/bin/bash", "-ec", commands.joined(separator: "\n")], in: directory,
            environment: ["PATH": path])
        #expect(try shell.waitForEnd(within: .seconds(300)) == 0, "\(shell.report)")
        for picture in pictures {
            let fresh = try String(contentsOfFile: directory(picture), encoding: .utf8)
            let kept = try String(
                contentsOfFile: Self.root + "/docs/balancing/" + picture, encoding: .utf8)
            #expect(fresh == kept, "docs/balancing/\(picture) is out of date")
        }
    }
}
