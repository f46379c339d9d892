import Shared

@testable import proxytop

/// A model that talks to a story instead of a daemon, with a clock that the test moves.
struct Stage {
    var model: Model
    var story = Story()
    /// Saturday, 21 November 2026, 02:41:07 UTC.
    var now = Moment(milliseconds: 500_000, wallSeconds: 1_795_228_867, offsetSeconds: 0)
    /// Requests that the story did not answer by itself.
    var requests: [String] = []
    /// Everything that was sent.
    var asked: [String] = []
    var effects: [Effect] = []
    /// One for each change, before `answerToActs`.
    var answers: [Reply] = []
    /// What the daemon says to a change; nil leaves it without an answer.
    var answerToActs: Reply?
    var isAnswering = true

    init(columns: Int = 80, rows: Int = 24, story: Story = Story()) {
        self.story = story
        model = Model(
            now: now, size: Size(columns: columns, rows: rows), socketPath: "/run/p/proxyd.sock")
    }

    /// Connected, with snapshots over a quarter of an hour, the last ones a second apart.
    static func live(columns: Int = 80, rows: Int = 24, story: Story = Story()) -> Stage {
        var stage = Stage(columns: columns, rows: rows, story: story)
        stage.send(.connected)
        for _ in 0..<29 { stage.pass(milliseconds: 30_000) }
        for _ in 0..<12 { stage.pass(milliseconds: 1000) }
        stage.model.actions.notice = nil
        return stage
    }

    mutating func send(_ message: Message) {
        var waiting = [message]
        while !waiting.isEmpty {
            let next = waiting.removeFirst()
            for effect in model.update(next, at: now) {
                guard case .send(let sent) = effect else {
                    effects.append(effect)
                    continue
                }
                for request in sent {
                    let line = request.words.joined(separator: " ")
                    let isShow = story.isQuestion(line)
                    asked.append(line)
                    if !isShow { requests.append(line) }
                    guard isAnswering else { continue }
                    if isShow {
                        waiting.append(.reply(story.reply(to: line)))
                    } else if !answers.isEmpty {
                        waiting.append(.reply(answers.removeFirst()))
                    } else if let answerToActs {
                        waiting.append(.reply(answerToActs))
                    }
                }
            }
        }
    }

    /// Both clocks go on, then the model is told.
    mutating func pass(milliseconds: UInt64) {
        now.milliseconds += milliseconds
        now.wallSeconds = 1_795_228_867 + Int64(now.milliseconds / 1000) - 500 - 882
        story.advance(milliseconds: milliseconds)
        send(.tick)
    }

    /// Types, with a frame painted and time enough between the keys.
    mutating func type(_ text: String) {
        for scalar in text.unicodeScalars { press(.character(scalar)) }
    }

    mutating func press(_ key: Key) {
        now.milliseconds += 100
        send(.key(key))
        send(.painted)
    }

    /// Types a line behind `:`.
    mutating func command(_ line: String) {
        type(":" + line)
        press(.enter)
    }

    /// Puts the cursor on a channel.
    mutating func choose(_ serial: UInt64) {
        model.selection.cursor.subject = .channel(serial: serial)
        model.settle()
    }

    mutating func chooseGroup(_ serial: UInt64) {
        model.selection.cursor.subject = .group(serial: serial)
        model.settle()
    }

    var lines: [String] {
        model.render(.ascii).lines.map(\.trimmingTrailingBlanks)
    }

    var text: String { lines.joined(separator: "\n") }
}
