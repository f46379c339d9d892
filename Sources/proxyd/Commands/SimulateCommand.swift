internal import ArgumentParser
internal import Glibc
internal import Shared

/// `proxyd simulate`: what a policy would do, tried on made-up clients.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Try policies on clients that are made up or logged, without a network.",
        discussion: """
            Drives the daemon's own policies, event by event. The same options give the same result everywhere. \
            Prints the share of every channel, the busiest one against its share by weight, the most sessions at \
            once, the clients that came again and got another channel, and those that none could take.
            """)

    @Option(
        help: ArgumentHelp(
            "A policy, as in “hash failover=true”; repeated to compare.", valueName: "words"))
    var policy: [String] = []

    @Option(
        help: ArgumentHelp(
            "WEIGHT[xSPEED][:MAXC] of each channel, called A, B, C …", valueName: "list"))
    var channels = "1,1,1"

    @Option(help: ArgumentHelp("A channel that is away: B:20-40, in seconds.", valueName: "outage"))
    var down: [String] = []

    @Option(help: ArgumentHelp("How many clients come.", valueName: "n"))
    var clients = 6000

    @Option(help: ArgumentHelp("How many come in a second.", valueName: "n"))
    var rate = 100.0

    @Option(
        help: ArgumentHelp("How long serving one takes on average, in seconds.", valueName: "s"))
    var service = 1.0

    @Option(help: ArgumentHelp("How many addresses they come from.", valueName: "n"))
    var sources = 500

    @Option(help: ArgumentHelp("Another seed, other clients.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Clients from a file instead: lines of SECONDS ADDRESS [SERVICE [BYTES]].",
            valueName: "file"))
    var log: String?

    @Option(help: ArgumentHelp("Draw the sessions over time.", valueName: "file"))
    var svg: String?

    func validate() throws {
        guard (1...1_000_000).contains(clients), (1...16_000_000).contains(sources),
            (0.001...1e6).contains(rate), (0.0001...1e5).contains(service)
        else { throw ValidationError("--clients, --sources, --rate or --service is out of range") }
        _ = (try settings(), try outages(), try balances())
    }

    func run() throws {
        let settings = try settings()
        let outages = try outages()
        let arrivals = try arrivals()
        let results = try balances().map {
            Simulation(balance: $0, channels: settings, outages: outages).run(arrivals)
        }
        print(PeopleText.aligned(SimulationTable.table(results)), terminator: "")
        guard let svg else { return }
        guard TextFile.write(SimulationPicture.svg(results), to: svg) else {
            StandardError.write("proxyd: \(svg): cannot be written\n")
            return try ExitStatus.system.finish()
        }
    }

    private func settings() throws -> [SimulatedChannelSettings] {
        let texts = channels.split(separator: ",", omittingEmptySubsequences: false)
        guard texts.count <= 26 else { throw ValidationError("--channels: 26 are the most") }
        return try texts.map { text in
            guard let channel = SimulatedChannelSettings(text) else {
                throw ValidationError(
                    "--channels: invalid channel “\(text)”; write WEIGHT, 1x0.25 or 1:100")
            }
            return channel
        }
    }

    private func outages() throws -> [SimulatedOutage] {
        try down.map { text in
            guard let outage = SimulatedOutage(text) else {
                throw ValidationError("--down: invalid outage “\(text)”; write it as B:20-40")
            }
            return outage
        }
    }

    private func balances() throws -> [BalanceConfiguration] {
        guard !policy.isEmpty else { return PolicyName.allCases.map { .init(policy: $0) } }
        return try policy.map { text in
            do throws(ValueError) {
                return try BalanceOptions.read(text.split(separator: " ").map(String.init))
            } catch {
                throw ValidationError("--policy: \(error.problem); \(error.remedy)")
            }
        }
    }

    private func arrivals() throws -> [Arrival] {
        guard let log else {
            return Arrivals.synthetic(
                count: clients, rate: rate, service: service, sources: sources, seed: seed)
        }
        guard let text = TextFile.read(log) else {
            StandardError.write("proxyd: \(log): cannot be read\n")
            throw ExitCode(ExitStatus.noInput.rawValue)
        }
        do throws(Arrivals.BadLine) {
            return try Arrivals.read(text, service: service)
        } catch {
            StandardError.write(
                "proxyd: \(log):\(error.number): no arrival; write SECONDS ADDRESS [SERVICE [BYTES]]\n"
            )
            throw ExitCode(ExitStatus.data.rawValue)
        }
    }
}
