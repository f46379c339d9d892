import Shared
import Testing

@testable import proxytop

@Suite("filters as they are typed")
struct FilterTextTests {
    @Test(
        "bare words look for themselves, conditions are the protocol's",
        arguments: [
            ("down", [4]), ("!up", [2, 3, 4, 5, 6, 8]), ("10.0.2 up", [7]),
            ("current > 100", [1, 2, 3]), ("state=down or state=off", [4, 8]),
            ("conn>100 and not state = full", [1]), ("since > 1d and state = off", [8]),
        ] as [(String, Set<UInt64>)])
    func channels(text: String, serials: Set<UInt64>) throws {
        let filter = try FilterText(text, .channels)
        let found = Story().channels.filter { filter.filter.matches($0.row) }.map(\.serial)
        #expect(Set(found) == serials)
    }

    @Test(
        "rates and the failures of the last minutes can be asked for, too",
        arguments: [
            ("out_rate > 40M", [1, 2, 3]), ("new > 20 and in_rate < 6.7M", [1]),
            ("err > 0", [4]), ("err = 0 and state = down", []), ("new_rate = 0", [4, 5, 6, 8, 9]),
        ] as [(String, Set<UInt64>)])
    func rates(text: String, serials: Set<UInt64>) {
        var stage = Stage.live()
        stage.type("/" + text)
        stage.press(.enter)
        #expect(stage.model.data.matching == serials)
    }

    @Test(
        "a mistake says where it is",
        arguments: [
            ("state =", "“state” is compared with nothing"), ("(state = up", "not closed"),
            ("color = red", "no field “color”"), ("since > 5", "has no unit"),
            ("\"", "a quote is opened"),
        ])
    func mistakes(text: String, reason: String) {
        do throws(FilterText.ParseError) {
            _ = try FilterText(text, .channels)
            Issue.record("understood “\(text)”")
        } catch {
            #expect(error.message.contains(reason))
        }
    }

    @Test("the words that go to the daemon are those that it understands")
    func words() throws {
        let filter = try FilterText("chan = mail/0/2 and idle > 10m", .sessions)
        #expect(filter.words == ["channel", "=", "mail/0/2", "and", "idle", ">", "10m"])
        let bare = try FilterText("192.0.2.17", .sessions)
        let again = try Filter(
            words: bare.words, fields: SessionField.names, aliases: SessionField.aliases)
        #expect(again == bare.filter || again.fields == bare.filter.fields)
    }
}
