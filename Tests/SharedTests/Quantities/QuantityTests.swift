import Testing

@testable import Shared

@Suite("Quantities")
struct QuantityTests {
    @Test(
        "sizes are read with units",
        arguments: [
            ("0", UInt64(0)), ("512", 512), ("512b", 512), ("64k", 64_000), ("64KB", 64_000),
            ("10MB", 10_000_000), ("1.5G", 1_500_000_000), ("2T", 2_000_000_000_000),
            ("1KiB", 1024), ("4MiB", 4_194_304), ("1gib", 1_073_741_824), ("0.4", 0), ("0.5", 1),
        ])
    func sizes(text: String, bytes: UInt64) {
        #expect(ByteCount(text)?.bytes == bytes)
    }

    @Test(
        "times are read with units",
        arguments: [
            ("0", UInt64(0)), ("5", 5000), ("5s", 5000), ("500ms", 500), ("10m", 600_000),
            ("10min", 600_000), ("1.5h", 5_400_000), ("2d", 172_800_000), ("250us", 0),
            ("1500us", 2),
        ])
    func times(text: String, milliseconds: UInt64) {
        #expect(Age(text)?.milliseconds == milliseconds)
    }

    @Test(
        "what is not a quantity is refused",
        arguments: [
            "", ".", "k", "-1", "+1", "1e3", "1 k", " 1", "1.2.3", "1kk", "inf", "nan", "0x10", "١",
            String(repeating: "9", count: 400),
        ])
    func refuses(text: String) {
        #expect(ByteCount(text) == nil)
        #expect(Age(text) == nil)
    }

    @Test("units have their own case and limits")
    func limits() {
        #expect(Age("5S") == nil)
        #expect(Age("9999999999") == Age(milliseconds: 9_999_999_999_000))
        #expect(Age("10000000000") == nil)
        #expect(ByteCount("18000000T") == nil)
        #expect(ByteCount("17999999T")?.bytes == 17_999_999_000_000_000_000)
    }

    @Test(
        "three significant digits and a suffix",
        arguments: [
            (UInt64(0), "0"), (999, "999"), (1000, "1.00k"), (1200, "1.20k"), (9994, "9.99k"),
            (9995, "10.0k"), (99_949, "99.9k"), (99_950, "100k"), (999_499, "999k"),
            (999_500, "1.00M"), (38_900_000, "38.9M"), (410_000_000_000, "410G"),
            (UInt64.max, "18.4E"),
        ])
    func short(bytes: UInt64, text: String) {
        #expect(ByteCount(bytes).description == text)
    }

    @Test(
        "numbers with decimals",
        arguments: [
            (0.0, 0, "0"), (0.5, 0, "1"), (1.25, 1, "1.3"), (-1.25, 1, "-1.3"), (-0.01, 1, "0.0"),
            (3.14159, 3, "3.142"), (2.0, 2, "2.00"), (0.05, 2, "0.05"), (.nan, 1, "?"),
            (.infinity, 1, "?"), (1e15, 0, "?"),
        ])
    func fixed(value: Double, decimals: Int, text: String) {
        #expect(Quantity.fixed(value, decimals: decimals) == text)
    }

    @Test("a rate below one keeps its decimals")
    func rates() {
        #expect(Quantity.short(7.25, isWhole: false) == "7.25")
        #expect(Quantity.short(0, isWhole: false) == "0.00")
    }

    @Test(
        "ages have two units at most",
        arguments: [
            (UInt64(0), "0.0s"), (499, "0.4s"), (9_899, "9.8s"), (9_999, "9.9s"), (10_000, "10s"),
            (59_999, "59s"), (60_000, "1m00s"), (190_000, "3m10s"), (3_599_999, "59m59s"),
            (3_600_000, "1h00m"), (15_120_000, "4h12m"), (86_400_000, "1d00h"),
            (1_047_600_000, "12d03h"), (8_640_000_000, "100d"), (35_596_800_000, "412d"),
        ])
    func ages(milliseconds: UInt64, text: String) {
        #expect(Age(milliseconds: milliseconds).description == text)
    }

    @Test("an age and a duration are the same thing")
    func durations() {
        #expect(Age(.milliseconds(1500)).milliseconds == 1500)
        #expect(Age(.seconds(-5)).milliseconds == 0)
        #expect(Age(.seconds(Int64.max)).milliseconds > 0)
        #expect(Age(milliseconds: 1500).duration == .milliseconds(1500))
        #expect(Age(milliseconds: 1) < Age(milliseconds: 2))
        #expect(ByteCount(1) < ByteCount(2))
    }
}
