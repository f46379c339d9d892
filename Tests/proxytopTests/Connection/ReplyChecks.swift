import Shared

@testable import proxytop

/// What must hold for whatever a daemon answers and a recording holds. Used by the tests and by `scripts/fuzz`.
enum ReplyChecks {
    /// What fuzzing begins with: the answers of one round, as the story of the tests gives them.
    static let seeds: [[UInt8]] = {
        var stage = live
        let count = stage.asked.count
        stage.isAnswering = true
        for key in "234j1" { stage.press(.character(key.unicodeScalars.first ?? " ")) }
        stage.pass(milliseconds: 2000)
        let lines = ["hello", "describe"] + stage.asked.dropFirst(count)
        let replies = lines.map { stage.story.reply(to: $0).encoded }
        return [replies.dropFirst(2).flatMap { $0 }]
            + Array(Set(replies)).sorted { $0.count < $1.count }
    }()

    /// A screen that has seen a round, and asks a daemon that a check plays from now on.
    private static let live: Stage = {
        var story = Story()
        story.addSessions(5)
        story.addEvents()
        var stage = Stage(story: story)
        stage.send(.connected)
        stage.pass(milliseconds: 1000)
        stage.isAnswering = false
        return stage
    }()

    /// What does not hold, or nil.
    static func violation(by bytes: [UInt8]) -> String? {
        var stage = live
        var reader = ReplyReader()
        reader.append(bytes)
        let keys = Array("2j43l1?/".unicodeScalars)
        var count = 0
        do throws(ReplyReader.Malformed) {
            while let reply = try reader.next(), count < 64 {
                if stage.model.connection.link.pending.isEmpty { stage.pass(milliseconds: 1000) }
                stage.send(.reply(reply))
                stage.press(.character(keys[count % keys.count]))
                count += 1
            }
        } catch {
            stage.send(.garbled(error.line))
        }
        return complaint(about: &stage.model)
    }

    /// Each page can be drawn, and no cell has what a terminal would obey.
    static func complaint(about model: inout Model) -> String? {
        for page in Page.allCases {
            model.navigation.page = page
            let grid = model.render(.ascii)
            guard grid.scalars.allSatisfy({ $0 == 0 || $0 >= 0x20 && !(0x7F..<0xA0).contains($0) })
            else { return "a control character is drawn on \(page)" }
        }
        return nil
    }
}

/// What must hold for any file that is taken for a recording.
enum RecordingChecks {
    static let seeds: [[UInt8]] = {
        var stage = Stage()
        stage.story.addSessions(3)
        stage.send(.connected)
        for _ in 0..<3 { stage.pass(milliseconds: 1000) }
        let entries = stage.model.time.replay.recording(events: [])
        return [text(of: entries), text(of: Array(entries.prefix(4)))]
    }()

    private static func text(of entries: [ReplayBuffer.Entry]) -> [UInt8] {
        Array((Recording.firstLine + "\n" + entries.map(Recording.text).joined()).utf8)
    }

    /// What does not hold, or nil.
    static func violation(by bytes: [UInt8]) -> String? {
        let entries: [ReplayBuffer.Entry]
        do throws(Recording.ParseError) {
            entries = try Recording.entries(in: bytes, offsetSeconds: 0)
        } catch {
            return error.line > 0 ? nil : "an error without its line"
        }
        guard (try? Recording.entries(in: text(of: entries), offsetSeconds: 0)) == entries else {
            return "what was read is written as something else"
        }
        var model = Model(
            now: .zero, size: Size(columns: 80, rows: 24), socketPath: "/run/p/proxyd.sock")
        model.time.mode = .replay
        model.connection.link.phase = .live
        var playback = Playback(entries, speed: 1)
        if let first = playback.skip(toSecondOfDay: 60) { model.replay(first) }
        model.replay(entries)
        return ReplyChecks.complaint(about: &model)
    }
}
