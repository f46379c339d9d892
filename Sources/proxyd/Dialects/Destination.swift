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
}
