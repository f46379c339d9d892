import Glibc
import Shared
import Testing

@testable import proxytop

@Suite("why, how long, how uneven")
struct ReasonTests {
    // MARK: Why

    private static func samples(_ connect: [UInt64?], failed: [UInt64]) -> [HistorySample] {
        zip(connect, failed).enumerated().map { index, pair in
            HistorySample(
                timeMilliseconds: 1_795_228_000_000 + UInt64(index) * 10_000,
                monotonicMilliseconds: 100_000_000 + UInt64(index) * 10_000, state: "up",
                current: 0, sessions: 10, inBytes: 0, outBytes: 0, failed: pair.1,
                connectMicroseconds: pair.0)
        }
    }

    @Test("w tells of the rise before the failure, the failures, what happened and who was there")
    func timeline() {
        var stage = Stage.live(columns: 120, rows: 40)
        stage.story.addEvents()
        stage.pass(milliseconds: 1000)
        stage.choose(4)
        var why = Why(subject: .channel(serial: 4), title: "x")
        why.samples = Self.samples(
            Array(repeating: 1900, count: 20) + [250_000, 840_000, nil, nil, nil],
            failed: Array(repeating: 0, count: 22) + [3, 20, 14])
        let lines = why.lines(stage.model).map(\.text)
        #expect(lines.contains("connect time rises 1.9 -> 840 ms, 10s before the first failure"))
        #expect(lines.contains("37 failed connects within 30s, the last just now"))
        #expect(lines.contains { $0.hasPrefix("channel mail/0/3 up → down: connect refused") })
        #expect(lines.contains { $0.hasPrefix("down for 4m") })
        #expect(lines.contains("G0 goes on with 3 of 6 channels, 1200 slots instead of 1600"))
        #expect(lines.last?.hasPrefix("not switched or changed in the last") == true)
        let times = why.lines(stage.model).compactMap(\.time)
        #expect(times == times.sorted())
    }

    @Test("a command that made another channel of it, as one for its address does, has touched it")
    func replaced() {
        var stage = Stage.live()
        var event = Story.event(
            40, at: stage.story.milliseconds, "channel mail/0/3",
            "channel mail/0/3 address 10.0.1.13:143 → 10.0.1.99:1")
        event.actor = "0:proxytop[9]"
        event.user = "root"
        event.serial = 4711
        stage.story.events.append(event)
        stage.pass(milliseconds: 1000)
        stage.choose(4)
        stage.press(.character("w"))
        #expect(stage.text.contains("address 10.0.1.13:143"), "\(stage.text)")
        #expect(stage.text.contains("not switched or changed otherwise"))
    }

    @Test("what a person did is named, and then nobody says that nobody touched it")
    func touched() {
        var stage = Stage.live()
        stage.story.addEvents()
        stage.pass(milliseconds: 1000)
        let lines = Why(subject: .channel(serial: 5), title: "x").lines(stage.model).map(\.text)
        #expect(lines.contains { $0.contains("up → drain  (alice proxytop)") })
        #expect(lines.last == "not switched or changed otherwise")
    }

    @Test("w on an event tells what had led to it, and ends with it")
    func moment() throws {
        var story = Story()
        story.addEvents()
        for (index, channel) in ["mail/0/3", "mail/0/4", "mail/0/0"].enumerated() {
            story.events[index].subject = "channel \(channel)"
            // As long before the screen's now as the wall says.
            story.events[index].monotonicMilliseconds =
                story.milliseconds + 882_000
                - (1_795_228_867_000 - story.events[index].timeMilliseconds)
        }
        var stage = Stage.live(columns: 100, rows: 30, story: story)
        let drain = try #require(
            stage.model.data.log.events.first { $0.text.contains("mail/0/4 up") })
        stage.type("4")
        stage.model.selection.eventCursor.subject = .event(id: drain.id)
        stage.model.settle()
        stage.type("w")
        #expect(stage.lines[0].hasPrefix(" why: mail/0/4  mail-e.example.net:143  at 02:37:40"))
        #expect(stage.asked.last?.hasPrefix("show history mail/0/4 since ") == true)
        let lines = stage.lines.dropFirst().prefix { !$0.isEmpty }
        let place = try #require(lines.firstIndex { $0.contains("02:37:40> channel mail/0/4") })
        // Nothing that came later, but one line about now.
        #expect(!lines.contains { $0.contains("02:38:40") }, "\(stage.text)")
        #expect(lines[(place + 1)...].contains { $0.contains("up to then") })
        #expect(lines.last?.contains("now       drain for") == true)
        let grid = stage.model.render(.ascii)
        #expect(grid.styles[grid.range(ofRow: place)].contains(Style.chosen.number))
    }

    @Test("an event of something that is gone, or never was a channel, has a timeline, too")
    func goneMoment() {
        var stage = Stage.live(columns: 100, rows: 30)
        for (id, subject) in [(50, "channel mail/9/9"), (51, "daemon"), (52, "channel mail/9/9")] {
            stage.story.events.append(
                Story.event(UInt64(id), at: stage.story.milliseconds, subject, "told \(id)"))
        }
        stage.pass(milliseconds: 1000)
        stage.type("4")
        stage.model.selection.eventCursor.subject = .event(id: 52)
        stage.model.settle()
        let asked = stage.asked.count
        stage.type("w")
        #expect(stage.text.contains("told 50") && stage.text.contains("> told 52"))
        #expect(!stage.text.contains("told 51"))
        #expect(!stage.asked[asked...].contains { $0.hasPrefix("show history") })
        stage.type("q")
        stage.model.selection.eventCursor.subject = .event(id: 51)
        stage.model.settle()
        stage.type("w")
        #expect(stage.text.contains("> told 51") && !stage.text.contains("told 50"))
    }

    @Test("failures and slow connects after the moment are none of its reasons")
    func before() {
        var stage = Stage.live(columns: 120, rows: 40)
        var event = Story.event(90, at: stage.story.milliseconds, "channel mail/0/3", "weight")
        event.timeMilliseconds = 1_795_228_000_000 + 150_000
        stage.story.events.append(event)
        stage.pass(milliseconds: 1000)
        var why = Why(subject: .channel(serial: 4), title: "x")
        why.samples = Self.samples(
            Array(repeating: 1900, count: 20) + [250_000, 840_000, nil, nil, nil],
            failed: Array(repeating: 0, count: 22) + [3, 20, 14])
        why.event = event
        let lines = why.lines(stage.model).map(\.text)
        #expect(!lines.contains { $0.contains("failed connects") || $0.contains("rises") })
        event.timeMilliseconds += 150_000
        why.event = event
        #expect(why.lines(stage.model).contains { $0.text == "37 failed connects within 30s" })
    }

    @Test("steady connect times and no failures say nothing")
    func quiet() {
        var why = Why(subject: .service("mail"), title: "x")
        why.samples = Self.samples(
            Array(repeating: 900, count: 30), failed: Array(repeating: 0, count: 30))
        #expect(why.lines(Stage.live().model).count == 1)
    }

    @Test(
        "w asks the daemon for the history, shows the page, and any size can hold it",
        arguments: [40, 80, 120])
    func page(columns: Int) {
        var stage = Stage.live(columns: columns, rows: 24)
        stage.choose(4)
        stage.type("w")
        #expect(stage.asked.contains("show history mail/0/3 since 15m step 10s"))
        #expect(stage.lines[0].hasPrefix(" why: mail/0/3"))
        #expect(stage.text.contains("now       down for"))
        stage.type("q")
        #expect(stage.model.navigation.overlay == nil)
    }

    // MARK: Draining

    private static func forecast(_ counts: [UInt64], since: UInt64? = nil) -> DrainForecast? {
        var track = Track()
        for (index, count) in counts.enumerated() {
            track.add(.init(milliseconds: UInt64(index) * 5000, total: 0, current: count))
        }
        var channel = ChannelSnapshot(path: "a/0/0", serial: 1, state: .drain, address: "x:1")
        channel.current = counts.last ?? 0
        channel.sinceMilliseconds = since ?? UInt64(counts.count) * 5000
        return DrainForecast(channel, track)
    }

    @Test("sessions that halve every minute are forecast as that")
    func halving() throws {
        let counts = (0..<37).map { UInt64(1024.0 / exp2(Double($0) / 12)) }
        let forecast = try #require(Self.forecast(counts))
        #expect(forecast.left == 128)
        let likely = try #require(forecast.likely)
        // Seven times a minute more.
        #expect((390_000...450_000).contains(likely))
        #expect(forecast.text.hasPrefix("128 conn left, empty in about 7m (7m-"))
    }

    @Test("what slows down has a wide spread, what stands still no end, and too early no word")
    func spread() throws {
        let slowing = (0..<30).map { UInt64(max(40, 400 - 40 * $0)) }
        #expect(
            try #require(Self.forecast(Array(slowing.prefix(20)))).text.hasSuffix(
                " or much longer)"))
        #expect(
            try #require(Self.forecast(slowing)).text
                == "40 conn left, none has ended for 1m40s")
        #expect(
            Self.forecast(Array(repeating: 31, count: 30))?.text
                == "31 conn left, and they do not get fewer")
        #expect(Self.forecast([50, 40]) == nil)
        #expect(Self.forecast([50, 40, 30, 20, 0]) == nil)
    }

    @Test("random courses never trap, and the spread holds the likely")
    func anyCourse() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let counts = (0..<Int.random(in: 0..<60, using: &generator)).map { _ in
                UInt64.random(in: 0..<(1 << 40), using: &generator)
            }
            guard
                let forecast = Self.forecast(
                    counts, since: UInt64.random(in: 0..<(1 << 53), using: &generator))
            else { continue }
            _ = forecast.text
            if let likely = forecast.likely, let early = forecast.earliest,
                let late = forecast.latest
            {
                #expect(early <= likely && likely <= late)
            }
        }
    }

    // MARK: Imbalance

    private static func imbalance(_ policy: String, _ counts: [UInt64], weights: [UInt64])
        -> Imbalance?
    {
        var story = Story()
        let group = Story().snapshot.groups[0]
        story.channels = zip(counts, weights).enumerated().map { index, pair in
            var channel = ChannelSnapshot(
                path: "mail/0/\(index)", serial: UInt64(index + 1), state: .up, address: "x:1")
            channel.weight = pair.1
            return channel
        }
        var history = History()
        var snapshot = group.snapshot
        snapshot.balance = policy
        for step in 0..<2 {
            if step == 1 {
                for index in counts.indices { story.channels[index].total = counts[index] }
            }
            story.milliseconds += 30_000
            _ = history.add(story.snapshot)
        }
        return Imbalance.of(
            DaemonSnapshot.Group(snapshot: snapshot, channels: story.channels), history)
    }

    @Test(
        "shares beside weights, and a cause when they differ",
        arguments: [
            ("round-robin", [100, 100], [100, 100], "even: skew 1.0x"),
            ("round-robin", [100, 200], [100, 200], "even: skew 1.0x"),
            (
                "hash source", [160, 20, 20], [1, 1, 1],
                "skew 2.4x on 0.0 (80% of new, its share is 33%): the hash: few clients, or a few with many connections"
            ),
            (
                "least-connections", [150, 50], [1, 1],
                "skew 1.5x on 0.0 (75% of new, its share is 50%): least-connections sends where least is going on: others hold longer connections"
            ),
        ] as [(String, [UInt64], [UInt64], String)])
    func shares(policy: String, counts: [UInt64], weights: [UInt64], text: String) {
        #expect(Self.imbalance(policy, counts, weights: weights)?.text == text)
    }

    @Test("few sessions are chance, one channel has no share, and some policies promise none")
    func noShares() {
        #expect(Self.imbalance("round-robin", [12, 0], weights: [1, 1]) == nil)
        #expect(Self.imbalance("round-robin", [100], weights: [1]) == nil)
        #expect(Self.imbalance("first", [100, 0], weights: [1, 1]) == nil)
    }

    // MARK: Crowds

    @Test("stuck connections of one network on one channel are named as that")
    func crowd() {
        var story = Story()
        story.addSessions(9)
        for index in story.sessions.indices {
            story.sessions[index].stuck = "one-way"
            story.sessions[index].client = "198.51.100.\(index):5000"
            story.sessions[index].channel = index == 0 ? "mail/0/1" : "mail/0/2"
        }
        #expect(
            StuckCrowd(story.sessions)?.text
                == "9 of 9 stuck here are from 198.51.100.0/24 on 0.2 (one-way)")
        for index in story.sessions.indices {
            story.sessions[index].client = "198.51.\(index).7:5000"
            story.sessions[index].channel = "mail/0/\(index % 3)"
        }
        #expect(StuckCrowd(story.sessions) == nil)
        #expect(StuckCrowd(Array(story.sessions.prefix(2))) == nil)
    }

    // MARK: Absence

    @Test("after two minutes the next key tells what was missed, and marks it for a minute")
    func absence() {
        var stage = Stage.live()
        stage.type("j")
        stage.story.addEvents()
        stage.story.events = stage.story.events.map { event in
            var event = event
            event.monotonicMilliseconds = stage.story.milliseconds + 50_000
            return event
        }
        for _ in 0..<130 { stage.pass(milliseconds: 1000) }
        stage.story.channels[0].sinceMilliseconds = 60_000
        stage.pass(milliseconds: 1000)
        stage.type("k")
        #expect(stage.text.contains("since you looked, 2m"), "\(stage.text)")
        #expect(stage.text.contains("2 state changes, 2 commands by alice"), "\(stage.text)")
        #expect(stage.lines.contains { $0.hasPrefix(">'") || $0.hasPrefix("' 0.0") })
        for _ in 0..<61 { stage.pass(milliseconds: 1000) }
        #expect(!stage.lines.contains { $0.hasPrefix(">'") || $0.hasPrefix("' 0.0") })
        stage.type("j")
        #expect(!stage.text.contains("since you looked"))
    }
}
