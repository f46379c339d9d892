import Foundation
import TestManual
import Testing

extension EndToEnd {
    /// `docs/man` knows the options of the programs, and is well-formed.
    @Suite("manual pages")
    struct ManualTests {
        /// What the argument parser tells about a command (`--experimental-dump-help`).
        private struct Command: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable {
                    var kind: String
                    var name: String
                }
                var names: [Name]?
                var shouldDisplay: Bool
            }
            var commandName: String
            var shouldDisplay: Bool?
            var arguments: [Argument]?
            var subcommands: [Command]?

            /// As they are typed; what every command has is left out.
            var options: [String] {
                (arguments ?? []).filter(\.shouldDisplay).flatMap { argument in
                    (argument.names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }
                }.filter { !["--help", "-h", "--version"].contains($0) }
            }
        }

        private struct Dump: Decodable {
            var command: Command
        }

        private func command(of program: String) throws -> Command {
            let folder = (Daemon.binary as NSString).deletingLastPathComponent
            let said = try Program.run(["\(folder)/\(program)", "--experimental-dump-help"])
            return try JSONDecoder().decode(Dump.self, from: Data(said.utf8)).command
        }

        /// `l , Fl -listen Ar address` has two.
        private func options(_ items: [String]) -> [String] {
            items.flatMap { item in
                item.components(separatedBy: " , Fl ")
                    .map { "-" + $0.prefix { $0 != " " } }
            }.filter { !["--help", "-h", "--version"].contains($0) }
        }

        @Test("proxyd(8) has every option of every command, and none more")
        func daemon() throws {
            let page = try ManualPage("proxyd.8").sections(of: "Fl")
            let commands = try command(of: "proxyd").subcommands ?? []
            let shown = commands.filter { $0.shouldDisplay ?? true && $0.commandName != "help" }
            #expect(shown.count >= 5)
            for command in shown {
                let described = page["proxyd \(command.commandName)", default: []]
                #expect(
                    options(described).sorted() == command.options.sorted(),
                    "proxyd \(command.commandName)")
            }
            let headings = Set(shown.map { "proxyd \($0.commandName)" })
            #expect(headings.isSuperset(of: page.keys))
            let text = try String(contentsOfFile: ManualPage("proxyd.8").path, encoding: .utf8)
            for heading in headings { #expect(text.contains("\n.Ss \(heading)\n"), "\(heading)") }
        }

        @Test("proxytop(1) has every option, and none more")
        func screen() throws {
            let items = try ManualPage("proxytop.1").sections(of: "Fl")["DESCRIPTION", default: []]
            #expect(try options(items).sorted() == command(of: "proxytop").options.sorted())
        }

        @Test("both programs name their pages", arguments: ["proxyd", "proxytop"])
        func named(program: String) throws {
            let folder = (Daemon.binary as NSString).deletingLastPathComponent
            let said = try Program.run(["\(folder)/\(program)", "--help"])
            #expect(said.contains(program == "proxyd" ? "proxyd(8)" : "proxytop(1)"))
        }

        @Test(
            "mandoc finds nothing to complain about", .enabled(if: Program.exist("mandoc")),
            arguments: ["proxyd.8", "proxyd.conf.5", "proxytop.1", "proxyd-control.7"])
        func wellFormed(name: String) throws {
            let page = try ManualPage(name)
            #expect(try Program.run(["mandoc", "-T", "lint", "-W", "warning", page.path]) == "")
        }
    }
}
