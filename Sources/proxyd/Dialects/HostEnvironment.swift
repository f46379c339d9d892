internal import Shared

/// What a dialect may know of the machine; a test makes its own.
struct HostEnvironment: Sendable {
    /// A variable of the environment.
    var variable: @Sendable (String) -> String?
    /// A text file, or why it cannot be read.
    var file: @Sendable (String) -> Result<String, Unreadable>
    /// Files that a pattern of the shell stands for, sorted (glob(3)).
    var files: @Sendable (_ pattern: String) -> [String]
    /// What is at a path.
    var kind: @Sendable (String) -> Kind?
    /// The number of a TCP service (services(5)).
    var port: @Sendable (_ service: String) -> UInt16?
    /// The first address of a host, IPv4 if it has one; nil: there is none.
    var address: @Sendable (_ host: String) -> IPAddress?
    /// A path from the root on.
    var absolute: @Sendable (String) -> String
    /// Where control sockets are.
    var runtimeFolder: String
    /// Whether there are IPv6 addresses to listen at.
    var hasIPv6: Bool

    enum Kind: Sendable {
        case file(isExecutable: Bool)
        case folder, other
    }

    struct Unreadable: Error, Equatable {
        var reason: String
    }

    /// The variable that names the control socket of a daemon which was started in a dialect.
    static let controlVariable = "PROXYD_CONTROL"

    /// Where the control socket of a dialect's daemon is: as the environment says, or named for the program and
    /// the address that it listens at first, so that several find room.
    func control(of program: String, at endpoint: Endpoint?) -> String {
        if let path = variable(Self.controlVariable), !path.isEmpty { return absolute(path) }
        let place = endpoint.map { "-\($0)" } ?? ""
        let plain = place.map { "/ \t".contains($0) ? "-" : $0 }
        let name = program + String(plain).suffix(60)
        return "\(runtimeFolder)/\(name).sock"
    }
}
