import Shared
import TestManual
import Testing

@testable import proxytop

/// `docs/man/proxytop.1` says what the screen does.
@Suite("manual page")
struct ManualTests {
    @Test("it has every key, in the section of the help, and none more")
    func keys() throws {
        let described = try ManualPage("proxytop.1").sections(of: "Ic")
        for section in Binding.Section.allCases {
            let name = section.rawValue.prefix { $0 != "(" }.trimmingSpaces
            let present = Binding.all.filter { $0.section == section }
                .map { $0.keys.map(\.name).joined(separator: " ") }
            #expect(described[name, default: []] == present, "section “\(name)”")
        }
        #expect(described.count == Binding.Section.allCases.count)
    }

    @Test("it has every state")
    func states() throws {
        let described = try ManualPage("proxytop.1").sections(of: "Cm")["STATES", default: []]
        #expect(described.sorted() == ChannelState.allCases.map(\.rawValue).sorted())
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        String(self).split(separator: " ").joined(separator: " ")
    }
}
