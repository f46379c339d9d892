internal import Shared

extension Endpoint {
    /// Where a connect to it leads: on Linux the address that stands for all of them is this machine's own.
    var destination: Endpoint {
        switch self {
        case .ip(.anyV4, let port): .ip(.loopbackV4, port: port)
        case .ip(.anyV6, let port): .ip(.loopbackV6, port: port)
        case .ip, .name, .unix: self
        }
    }

    /// Where to listen for those who name every IPv6 address: in the originals that is every IPv4 address, too.
    /// Two ports that the kernel chooses would be two different ones.
    var bothFamilies: [Endpoint] {
        guard case .ip(.anyV6, let port) = self, port != 0 else { return [self] }
        return [self, .ip(.anyV4, port: port)]
    }
}
