import Shared
import Testing

@testable import proxyd

@Suite("Shed")
struct ShedCommandTests {
    private static func row(_ id: UInt64, _ channel: String?, idle: UInt64) -> [String] {
        SessionSnapshot(
            id: id, client: "c", listener: "l", channel: channel, phase: .relay,
            ageMilliseconds: 9, idleMilliseconds: idle, inBytes: 0, outBytes: 0, worker: 0,
            inMode: "copy", outMode: "copy", retries: 0
        ).row
    }

    private static let rows = [
        row(1, "s/0/0", idle: 5), row(2, "s/0/1", idle: 900), row(3, "s/0/0", idle: 70),
        row(4, nil, idle: 999), row(5, "s/0/0", idle: 700),
    ]

    @Test(
        "takes the longest idle sessions of the channels that are meant, and no others",
        arguments: [
            (2, ["s/0/0"], ["5", "3"]), (9, ["s/0/0"], ["5", "3", "1"]),
            (2, ["s/0/0", "s/0/1"], ["2", "5"]), (3, ["s/0/7"], []),
        ] as [(Int, [String], [String])])
    func choice(count: Int, paths: [String], ids: [String]) {
        let chosen = ShedCommand.choose(count, of: Set(paths), from: Self.rows)
        #expect(chosen.map { $0[0] } == ids)
    }

    @Test(
        "a wish is a path, a count, and perhaps a rate",
        arguments: [
            ("0/2 50", 50, 10, false), ("0/2 50 5/s", 50, 5, false),
            ("0/2 1 0.5/s preview", 1, 0.5, true), ("0/2 1 preview", 1, 10, true),
        ] as [(String, Int, Double, Bool)])
    func wish(text: String, count: Int, rate: Double, isPreview: Bool) throws {
        let wish = try #require(
            ShedCommand.Wish(words: text.split(separator: " ").map(String.init)))
        #expect(wish.count == count)
        #expect(wish.rate == rate)
        #expect(wish.isPreview == isPreview)
    }

    @Test(
        "anything else is no wish",
        arguments: ["", "0/2", "0/2 0", "0/2 -1", "0/2 x", "0/2 5 5", "0/2 5 0/s", "0/2 5 now"])
    func noWish(text: String) {
        #expect(ShedCommand.Wish(words: text.split(separator: " ").map(String.init)) == nil)
    }
}
