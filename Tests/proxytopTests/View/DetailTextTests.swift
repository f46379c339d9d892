import Shared
import Testing

@testable import proxytop

@Suite("texts of the detail")
struct DetailTextTests {
    @Test("a histogram goes from the first bucket that has something to the last")
    func histogram() throws {
        let histogram = try #require(ConnectHistogram("100=0 2500=1 5000=0 1000000=3 more=4"))
        #expect(
            histogram.lines(.ascii).map(\.text) == [
                "to 2.5 ms  [###.....................]  12.5%  1",
                "to 5 ms    [........................]   0.0%  0",
                "to 1 s     [#########...............]  37.5%  3",
                "longer     [############............]  50.0%  4",
            ])
    }

    @Test(
        "what is not a histogram, or an empty one, is left out",
        arguments: ["", "-", "100", "x=1", "100=x", "100=0 more=0", "=", "100=-1"])
    func noHistogram(text: String) { #expect(ConnectHistogram(text) == nil) }

    @Test("errors are told with their time and the kernel's name")
    func channelErrors() {
        let fields = [
            ("path", "mail/0/3"),
            (
                "error_1",
                "time_ms=1795228860000 age_ms=7000 errno=- cause=tls: certificate has expired"
            ),
            ("error_2", "time_ms=1795228800000 age_ms=67000 errno=ECONNREFUSED cause=refused"),
            ("error_3", "something that a later daemon says"),
        ].map { (name: $0.0, value: $0.1) }
        #expect(
            ChannelErrorText(fields, offset: 3600).lines.map(\.text) == [
                "03:41:00  tls: certificate has expired  7.0s ago",
                "03:40:00  refused (ECONNREFUSED)  1m07s ago",
                "something that a later daemon says",
            ])
    }

    @Test("rates over four times stand side by side; what was not seen long enough is not known")
    func rates() {
        var track = Track()
        for second in 0..<100 {
            let count = UInt64(second < 95 ? second : 95 + (second - 95) * 11)
            track.add(
                Track.Sample(
                    milliseconds: 1_000_000 + UInt64(second) * 1000, total: count,
                    inBytes: count * 1000, outBytes: count * 2000))
        }
        let lines = RateTable(track, isBits: false).lines.map(\.text)
        #expect(lines[0] == "rates            now     10 s     60 s   15 min")
        #expect(lines[1] == "new/s           11.0      5.0      1.7        ?")
        #expect(lines[3].hasPrefix("out B/s        22.0k    10.0k"))
        #expect(RateTable(nil, isBits: true).lines[2].text.hasPrefix("in b/s             ?"))
    }
}
