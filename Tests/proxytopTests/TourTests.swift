import Foundation
import Shared
import Testing

@testable import proxytop

/// The screens of docs/proxytop.md are what the program draws: `scripts/tour` writes them anew.
@Suite("the tour in the manual")
struct TourTests {
    /// A screen of the manual, by the name behind its fence: ```` ```text screen NAME ````.
    struct Scene: Sendable {
        var name: String
        var size = (80, 24)
        var play: @Sendable (inout Stage) -> Void
    }

    static let scenes: [Scene] = [
        Scene(name: "overview") { $0.press(.character("1")) },
        Scene(name: "channels") { $0.choose(4) },
        Scene(name: "why") { stage in
            stage.choose(4)
            stage.press(.character("w"))
        },
        Scene(name: "wide", size: (120, 36)) { stage in
            stage.choose(4)
            stage.pass(milliseconds: 1000)
            stage.pass(milliseconds: 1000)
        },
        Scene(name: "preview") { stage in
            stage.choose(3)
            stage.press(.character("X"))
            stage.type("40")
        },
        Scene(name: "drain") { stage in
            stage.choose(1)
            stage.press(.character("D"))
            stage.press(.tab)
            stage.type("0330")
        },
        Scene(name: "connections") { stage in
            stage.press(.character("3"))
            stage.pass(milliseconds: 1000)
            stage.press(.character("j"))
            stage.press(.character(" "))
        },
        Scene(name: "menu") { stage in
            stage.choose(4)
            stage.press(.character("a"))
        },
        Scene(name: "command") { stage in
            stage.type(":set mail/0/0 ")
            stage.press(.tab)
        },
        Scene(name: "past") { stage in
            stage.choose(4)
            stage.press(.character("{"))
        },
        Scene(name: "lost") { stage in
            stage.send(.disconnected(reason: "proxyd.sock: not listening"))
            stage.isAnswering = false
            stage.pass(milliseconds: 42_000)
        },
        Scene(name: "narrow", size: (40, 10)) { $0.choose(4) },
    ]

    private static let document = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../docs/proxytop.md").standardized

    private static func screen(_ scene: Scene) -> [String] {
        var story = Story()
        story.addSessions(60)
        story.addEvents()
        var stage = Stage(columns: scene.size.0, rows: scene.size.1, story: story)
        stage.send(.connected)
        // A quarter of an hour, as it is when the screen has been open that long.
        for _ in 0..<145 { stage.pass(milliseconds: 6000) }
        for _ in 0..<12 { stage.pass(milliseconds: 1000) }
        stage.model.actions.notice = nil
        scene.play(&stage)
        var lines = stage.lines
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    @Test("every screen is in the document, as it is drawn", arguments: scenes.indices)
    func screens(index: Int) throws {
        let scene = Self.scenes[index]
        let shown = try #require(
            Self.block(scene.name, in: Self.lines()), "no screen “\(scene.name)” in the document")
        let drawn = Self.screen(scene)
        #expect(shown == drawn, "scripts/tour writes “\(scene.name)” anew")
    }

    @Test("the document has no screen that nobody draws")
    func noneMore() throws {
        let names = try Self.lines().compactMap { line in
            line.hasPrefix(Self.fence) ? String(line.dropFirst(Self.fence.count)) : nil
        }
        #expect(Set(names) == Set(Self.scenes.map(\.name)))
        #expect(names.count == Self.scenes.count)
    }

    /// Writes the document when it is told to.
    @Test(
        "written anew",
        .enabled(if: ProcessInfo.processInfo.environment["PROXYTOP_WRITE_TOUR"] != nil))
    func rewrite() throws {
        var result: [String] = []
        var isInside = false
        for line in try Self.lines() {
            if line.hasPrefix(Self.fence) {
                let name = String(line.dropFirst(Self.fence.count))
                let scene = try #require(Self.scenes.first { $0.name == name }, "“\(name)”")
                result += [line] + Self.screen(scene)
                isInside = true
            } else if isInside {
                guard line == "```" else { continue }
                isInside = false
                result.append(line)
            } else {
                result.append(line)
            }
        }
        try result.joined(separator: "\n").write(
            to: Self.document, atomically: true, encoding: .utf8)
    }

    private static let fence = "```text screen "

    private static func lines() throws -> [String] {
        try String(contentsOf: document, encoding: .utf8).components(separatedBy: "\n")
    }

    private static func block(_ name: String, in lines: [String]) -> [String]? {
        guard let start = lines.firstIndex(of: fence + name),
            let end = lines[start...].firstIndex(of: "```")
        else { return nil }
        return Array(lines[(start + 1)..<end])
    }
}
