internal import ArgumentParser
internal import Glibc

/// `proxyd demo`: something to look at with proxytop.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a daemon with channels and clients of its own, to look at with proxytop.",
        discussion: """
            Two groups of channels that echo, and clients that come, talk and go; one of them streams. Everything \
            is on loopback ports that the kernel chooses. Prints “ready” once it runs; SIGTERM or ^C ends it.
            """)

    @Option(help: ArgumentHelp("The control socket.", valueName: "path"))
    var control: String?

    func run() throws {
        let settings = ControlConfiguration(path: control, environment: "DEMO")
        let demo: Demo
        do throws(SystemError) {
            demo = try Demo(control: settings)
        } catch {
            Log.line("the demo cannot start: \(error)")
            return try ExitStatus.system.finish()
        }
        try Supervisor.run(configuration: demo.configuration, options: RunOptions()) { topology in
            do throws(SystemError) {
                try demo.begin(with: topology)
            } catch {
                Log.line("the demo has fewer clients than it should: \(error)")
            }
            // Not through stdio, which would keep the line until much later when it goes into a pipe.
            _ = unsafe write(STDOUT_FILENO, "ready\n", 6)
        }.finish()
    }
}
