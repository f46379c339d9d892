internal import Shared
@main
struct Proxyd {
    static func main() throws {
        var c = Configuration()
        let args = CommandLine.arguments.dropFirst()
        var s = ServiceConfiguration(name: "0")
        var g = GroupConfiguration(name: "0")
        var dashes = false
        var mode = RelayMode.adaptive
        var it = args.makeIterator()
        while let a = it.next() {
            if a == "-l", let x = it.next() { s.listeners.append(ListenerConfiguration(name: "0", endpoint: try Endpoint(x))) }
            else if a == "--workers" { c.workers = Int(it.next() ?? "") }
            else if a == "--control" { _ = it.next() }
            else if a == "--relay" { mode = RelayMode(rawValue: it.next() ?? "") ?? .adaptive }
            else if a == "--" { dashes = true }
            else if dashes { g.channels.append(ChannelConfiguration(name: "\(g.channels.count)", endpoint: try Endpoint(a))) }
        }
        s.groups = [g]
        c.services = [s]
        try Supervisor.run(c, options: .init(relayMode: mode))
    }
}
