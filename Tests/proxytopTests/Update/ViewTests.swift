import Shared
import Testing

@testable import proxytop

@Suite("the views and the way between them")
struct ViewTests {
    @Test(
        "a number shows its view, and back leads to the one before",
        arguments: [("1", Page.overview), ("3", .connections), ("4", .events)]
            as [(Unicode.Scalar, Page)])
    func numbers(key: Unicode.Scalar, page: Page) {
        var stage = Stage.live()
        stage.press(.character(key))
        #expect(stage.model.navigation.page == page)
        #expect(stage.lines[4].contains("[\(page.rawValue) \(page.title)]"))
        stage.press(.character("q"))
        #expect(stage.model.navigation.page == .channels)
        stage.press(.character("q"))
        #expect(stage.effects.contains(.quit(.good, message: nil)))
    }

    @Test(
        "Tab goes through the parts of a view, or the views, and passes the detail only when there is one"
    )
    func tabs() {
        var stage = Stage.live()
        var seen: [Page] = []
        for _ in 0..<4 {
            seen.append(stage.model.navigation.page)
            stage.press(.tab)
        }
        #expect(seen == [.channels, .connections, .events, .overview])
        #expect(stage.model.navigation.focus == .groups)
        stage.press(.backTab)
        stage.press(.enter)
        #expect(stage.model.navigation.page == .detail)
        stage.press(.backTab)
        #expect(stage.model.navigation.page == .events)
        stage.press(.tab)
        #expect(stage.model.navigation.page == .detail)
    }

    @Test("the first view is the overview when something is wrong, the channels otherwise")
    func first() {
        var story = Story()
        for isTroubled in [true, false] {
            if !isTroubled {
                story.channels = [story.channels[0]]
                story.groups = [story.groups[0]]
            }
            var stage = Stage(story: story)
            stage.model = Model(now: stage.now, size: stage.model.size, socketPath: "/s", page: nil)
            stage.send(.connected)
            #expect(stage.model.navigation.page == (isTroubled ? .overview : .channels))
            stage.model.navigation.page = .channels
            stage.pass(milliseconds: 1000)
            #expect(stage.model.navigation.page == .channels, "only once")
        }
    }

    @Test("every view remembers its cursor and its filter")
    func remembered() {
        var stage = Stage.live()
        stage.story.addSessions(50)
        stage.choose(7)
        stage.press(.character("3"))
        stage.pass(milliseconds: 1000)
        for _ in 0..<5 { stage.press(.down) }
        stage.press(.character("2"))
        #expect(stage.model.selection.cursor.subject == .channel(serial: 7))
        stage.press(.character("3"))
        #expect(stage.model.selection.sessionCursor.subject == .session(id: 1005))
    }

    @Test("Enter shows a channel closely, with exact numbers")
    func channelDetail() {
        var stage = Stage.live(columns: 100, rows: 60)
        stage.choose(4)
        stage.press(.enter)
        #expect(stage.model.navigation.page == .detail)
        let text = stage.text
        #expect(text.contains("mail/0/3"))
        #expect(text.contains("0 now   1770000 in all"))
        #expect(text.contains("connect refused (ECONNREFUSED)"))
        #expect(text.contains("set mail/0/3 maxc 400"))
        stage.story.channels.removeAll { $0.serial == 4 }
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("mail/0/3 was removed"))
    }

    @Test("a problem of the overview leads to its channel")
    func problem() {
        var stage = Stage.live()
        stage.press(.character("1"))
        #expect(stage.lines.contains { $0.hasPrefix("> ! 0.3 down") })
        stage.press(.enter)
        #expect(stage.model.data.detail?.subject == .channel(serial: 4))
    }

    @Test("a key that belongs to another view does nothing and says so")
    func elsewhere() {
        var stage = Stage.live()
        stage.press(.character("4"))
        stage.press(.character("X"))
        #expect(stage.model.actions.confirmation == nil)
        #expect(stage.text.contains("X does nothing here"))
    }

    @Test("events are asked for once each, and a filter is applied here")
    func events() {
        var stage = Stage.live()
        stage.story.events = (1...3).map { (number: UInt64) in
            var event = EventSnapshot(
                id: number, timeMilliseconds: 1_795_228_800_000,
                monotonicMilliseconds: number, severity: number == 2 ? .warning : .notice,
                subject: "channel mail/0/3", kind: "state", text: "line \(number)")
            event.serial = 4
            event.actor = "1000:proxyctl[7]"
            event.user = "alice"
            return event
        }
        stage.press(.character("4"))
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("line 3"))
        #expect(stage.text.contains("alice proxyctl"))
        stage.pass(milliseconds: 1000)
        #expect(stage.asked.last { $0.hasPrefix("show events") } == "show events since 3 limit 500")
        stage.type("/severity = warning")
        stage.press(.enter)
        #expect(stage.text.contains("line 2") && !stage.text.contains("line 3"))
        stage.press(.enter)
        #expect(stage.model.data.detail?.subject == .channel(serial: 4))
    }

    @Test("a daemon without events is said to keep none, and is not asked for them")
    func noEvents() {
        var story = Story()
        story.describes = Table(columns: ["verb", "arguments", "mutates", "role", "summary"])
        story.describes.append(["show channels", "", "no", "viewer", ""])
        var stage = Stage(story: story)
        stage.send(.connected)
        stage.press(.character("4"))
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("this daemon keeps no events"))
        #expect(!stage.asked.contains { $0.hasPrefix("show events") })
    }

    @Test("a filter leaves the channels that meet it, and a bad one leaves the last good one")
    func filter() {
        var stage = Stage.live()
        stage.type("/!up")
        stage.press(.enter)
        #expect(!stage.text.contains("10.0.1.10:143"))
        #expect(stage.text.contains("10.0.1.13:143"))
        #expect(stage.lines[4].contains("filter:!up"))
        stage.type("/")
        stage.press(.control("u"))
        stage.type("state =")
        stage.press(.enter)
        #expect(stage.text.contains("“state” is compared with nothing"))
        #expect(stage.model.channelFilter?.text == "!up")
        stage.press(.escape)
        stage.press(.character("\\"))
        #expect(stage.text.contains("10.0.1.10:143"))
    }

    /// On every page, with something under the cursor where there is anything.
    private func walk(role: String, _ body: (inout Stage, Page, Binding, Key) -> Void) {
        for page in Page.allCases {
            for binding in Binding.all {
                for key in binding.keys {
                    var story = Story()
                    story.role = role
                    story.addSessions(20)
                    story.addEvents()
                    var stage = Stage.live(story: story)
                    stage.choose(1)
                    stage.model.show(page)
                    stage.pass(milliseconds: 1000)
                    stage.press(key)
                    body(&stage, page, binding, key)
                    #expect(stage.lines.count == 24)
                }
            }
        }
    }

    @Test("every key of every view does something, and sends nothing unasked but to let in")
    func everyKey() {
        walk(role: "admin") { stage, page, binding, key in
            let isSilent = stage.text.contains("does nothing here")
            #expect(isSilent == !binding.pages.contains(page), "\(key.name) on \(page)")
            // A tenth more weight is within twice as much.
            let harmless = ["enable ", "set mail/0/0 weight 110 ", "set mail/0/3 weight 110 "]
            for request in stage.requests {
                #expect(harmless.contains { request.hasPrefix($0) }, "\(request)")
            }
        }
    }

    @Test("a read-only role walks through every key of every view and changes nothing")
    func readOnlyWalk() {
        walk(role: "viewer") { stage, _, binding, _ in
            stage.press(.character("y"))
            stage.press(.enter)
            #expect(stage.requests.isEmpty)
            #expect(stage.model.actions.confirmation == nil)
            #expect(!stage.asked.contains("begin"))
        }
    }
}
