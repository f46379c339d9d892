import TestManual
import Testing

@testable import proxyd

/// `docs/man` says what the program does: no key and no command more, and none less.
@Suite("manual pages")
struct ManualTests {
    /// A set's own section is called like it, without quotes.
    private static func heading(_ set: KeySet) -> String {
        set.noun.filter { !"“”".contains($0) }
    }

    @Test("proxyd.conf(5) has every key, in the section of its map")
    func keys() throws {
        let page = try ManualPage("proxyd.conf.5")
        let sections = page.sections(of: "Ic").map { heading, items in
            (heading.lowercased(), items.map { String($0.prefix { $0 != " " }) })
        }
        let described = Dictionary(uniqueKeysWithValues: sections)
        for set in KeySet.all {
            #expect(
                described[Self.heading(set), default: []].sorted() == set.keys.sorted(),
                "section “\(Self.heading(set))”")
        }
        #expect(Set(described.keys) == Set(KeySet.all.map(Self.heading)))
    }

    @Test("proxyd.conf(5) has every policy")
    func policies() throws {
        let items = try ManualPage("proxyd.conf.5").sections(of: "Cm")["balance", default: []]
        let words = items.flatMap { $0.split(separator: " ").filter { $0 != "," }.map(String.init) }
        #expect(words.sorted() == PolicyName.words.sorted())
    }

    @Test("proxyd-control(7) has every command, with its arguments, for its role")
    func commands() throws {
        let page = try ManualPage("proxyd-control.7")
        for (role, article) in [(Peer.Role.viewer, "a"), (.operator, "an"), (.admin, "an")] {
            let described = page.sections(of: "Ic")["For \(article) \(role.rawValue)", default: []]
            let present = CommandTable.entries.filter { $0.role == role }.map { entry in
                let arguments = entry.arguments.replacing("…", with: "...")
                return arguments.isEmpty ? entry.verb : "\(entry.verb) Ar \(arguments)"
            }
            #expect(described.sorted() == present.sorted(), "\(role)")
        }
    }
}
