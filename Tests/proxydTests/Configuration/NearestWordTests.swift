import Testing

@testable import proxyd

@Suite("Nearest word")
struct NearestWordTests {
    @Test(
        "slips are counted",
        arguments: [
            ("", "", 0), ("abc", "abc", 0), ("chanels", "channels", 1), ("idel", "idle", 1),
            ("gruop", "group", 1), ("abc", "", 3), ("", "abc", 3), ("kitten", "sitting", 3),
        ])
    func slips(left: String, right: String, count: Int) {
        #expect(NearestWord.slips(between: left, and: right) == count)
        #expect(NearestWord.slips(between: right, and: left) == count)
    }

    @Test(
        "only what is near is offered",
        arguments: [
            ("chanels", "channels"), ("Listen", "listen"), ("name", "name"), ("nmae", "name"),
            ("tree", nil), ("", nil), (String(repeating: "x", count: 100_000), nil),
        ] as [(String, String?)])
    func nearest(word: String, expected: String?) {
        let candidates = ["name", "listen", "channels"]
        #expect(NearestWord.nearest(to: word, among: candidates) == expected)
    }
}
