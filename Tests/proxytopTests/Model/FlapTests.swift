import Shared
import Testing

@testable import proxytop

@Suite("channels that go and come back")
struct FlapTests {
    private func story(failures: Int, by actor: String? = nil) -> Story {
        var story = Story()
        for number in 0..<failures {
            var event = Story.event(
                UInt64(number * 2 + 1), at: story.milliseconds + 870_000 + UInt64(number) * 1000,
                "channel mail/1/0", "up → grace")
            event.serial = 7
            event.from = "up"
            event.to = "grace"
            event.actor = actor
            story.events.append(event)
            event.id += 1
            (event.from, event.to) = ("grace", "up")
            story.events.append(event)
        }
        return story
    }

    @Test("three failures in ten minutes are a problem, though it is up just now")
    func flaps() {
        var stage = Stage.live(columns: 120, rows: 40, story: story(failures: 3))
        let problem = stage.model.problems.first { $0.subject == .channel(serial: 7) }
        #expect(problem?.severity == .grace)
        #expect(problem?.text.contains("failed 3 times in 10 min (D holds it off)") == true)
        stage.choose(7)
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("WHY 1.0 IS UP"))
        stage.type("w")
        #expect(stage.text.contains("D holds it off until E lets it in again"))
    }

    @Test("two are not, people are not, and after a while it is forgotten")
    func not() {
        #expect(Stage.live(story: story(failures: 2)).model.data.flaps.counts.isEmpty)
        #expect(
            Stage.live(story: story(failures: 3, by: "1000:ctl[1]")).model.data.flaps.counts.isEmpty
        )
        var stage = Stage.live(story: story(failures: 4))
        #expect(stage.model.data.flaps.counts == [7: 4])
        stage.pass(milliseconds: 700_000)
        stage.pass(milliseconds: 1000)
        #expect(stage.model.data.flaps.counts.isEmpty)
    }
}
