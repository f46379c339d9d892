import Shared
import Testing

@testable import proxytop

/// Every key in every view, as an operator, as one who may only read, without a link, and in the past.
@Suite("a walk through every key")
struct WalkTests {
    enum Situation: String, CaseIterable {
        case operates, reads, isLost, isFrozen, isPast, hasMarks, hasNothing
    }

    private static func stage(_ situation: Situation) -> Stage {
        var story = Story()
        story.addSessions(40)
        story.addEvents()
        if situation == .reads { story.role = "viewer" }
        if situation == .hasNothing {
            story.channels = []
            story.groups = []
            story.listeners = []
            story.sessions = []
            story.events = []
        }
        var stage = Stage.live(columns: 120, rows: 40, story: story)
        switch situation {
        case .isLost:
            stage.isAnswering = false
            stage.send(.disconnected(reason: "gone"))
        case .isFrozen: stage.press(.character("f"))
        case .isPast: for _ in 0..<3 { stage.press(.character("[")) }
        case .hasMarks:
            stage.press(.character("*"))
            stage.press(.character("3"))
            stage.pass(milliseconds: 1000)
            stage.press(.character(" "))
        default: break
        }
        return stage
    }

    @Test(
        "nothing is sent but what was confirmed, and every screen is whole",
        arguments: Situation.allCases)
    func walks(situation: Situation) {
        let start = Self.stage(situation)
        let atOnce: Set<Binding.Command> = [.enable, .clear]
        for page in Page.allCases {
            for binding in Binding.all {
                for key in binding.keys.prefix(1) {
                    var stage = start
                    stage.press(.character(Unicode.Scalar(UInt8(0x30 + page.rawValue))))
                    stage.pass(milliseconds: 1000)
                    stage.press(key)
                    stage.pass(milliseconds: 1000)
                    let where_ = "\(key.name) in \(page.title), \(situation.rawValue)"
                    let mayAct = situation == .operates || situation == .hasMarks
                    if !(mayAct && atOnce.contains(binding.command)) {
                        #expect(stage.requests.isEmpty, "\(where_): \(stage.requests)")
                    }
                    if !mayAct {
                        #expect(stage.model.actions.confirmation == nil, "\(where_): a preview")
                        #expect(
                            stage.model.time.past?.model.actions.confirmation == nil,
                            "\(where_): a preview")
                    }
                    let grid = stage.model.render(.ascii)
                    #expect(grid.scalars.count == 120 * 40)
                    #expect(grid.scalars.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "\(where_)")
                    // What the key opened can be left again.
                    stage.press(.escape)
                    stage.press(.escape)
                    #expect(
                        stage.model.actions.confirmation == nil
                            && stage.model.actions.prompt == nil, "\(where_)")
                    #expect(stage.model.navigation.overlay == nil, "\(where_)")
                }
            }
        }
    }
}
