import Testing

@testable import proxyd

/// What getopt(3) makes of arguments, as programs see it that use it.
@Suite("option scanner")
struct OptionScannerTests {
    private static func text(_ arguments: [String], _ letters: String) -> String {
        let scan = OptionScanner.scan(arguments, for: letters)
        let options = scan.options.map { "-\($0.letter)" + ($0.value.map { "=\($0)" } ?? "") }
        let mistake = scan.mistake.map { [$0.words(of: "p")] } ?? []
        return (options + ["|"] + scan.operands + mistake).joined(separator: " ")
    }

    private static let scans: [([String], String, String)] = [
        (["-fp", "80", "a"], "c:fpt:", "-f -p | 80 a"),
        (["80", "-t3", "a", "-f"], "c:fpt:", "-t=3 -f | 80 a"),
        (["-t", "3", "-ft5"], "c:fpt:", "-t=3 -f -t=5 |"),
        (["-f", "--", "-p", "a"], "c:fpt:", "-f | -p a"),
        (["-t", "-f"], "c:fpt:", "-t=-f |"),
        (["-f", "a", "--", "-p"], "+fp", "-f | a -- -p"),
        (["-F"], "f", "| p: invalid option -- 'F'"),
        (["-f", "-t"], "ft:", "-f | p: option requires an argument -- 't'"),
        (["--help"], "f", "| p: invalid option -- '-'"),
        (["-:"], "f:", "| p: invalid option -- ':'"),
        (["-f", ""], "f", "-f |"),
        ([], "f", "|"),
    ]

    @Test(
        "clusters, attached values, permutation, the end of options",
        arguments: scans)
    func scan(arguments: [String], letters: String, expected: String) {
        let text = Self.text(arguments, letters)
        #expect(text == expected || text == expected + " ")
    }

    @Test("many threads at once do not meet in getopt's own variables")
    func threads() async {
        await withTaskGroup(of: String.self) { group in
            for index in 0..<200 {
                group.addTask {
                    Self.text(["a\(index)", "-t\(index)", "b", "-fp", "--", "-x"], "fpt:")
                }
            }
            var seen: Set<String> = []
            for await text in group { seen.insert(text) }
            #expect(seen == Set((0..<200).map { "-t=\($0) -f -p | a\($0) b -x" }))
        }
    }
}
