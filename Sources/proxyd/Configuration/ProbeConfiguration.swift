internal import Shared

/// What a channel is probed with; without a probe it is never down.
struct ProbePlan: Equatable, Sendable {
    var probes: [ProbeConfiguration] = []
    var need = ProbeNeed.all
}

/// How many of several probes have to be good.
enum ProbeNeed: String, Equatable, Sendable, CaseIterable {
    case all, any
}

/// One probe: what it does, where, how often, and what its results mean.
struct ProbeConfiguration: Equatable, Sendable {
    /// `connect`, `http`, `redis-master`, …: what was written as its kind.
    var name = "connect"
    var check = ProbeCheck.connect
    /// From the end of one probe to the start of the next.
    var interval = Duration.seconds(5)
    /// The same while the channel is down, or its last result was a surprise.
    var fastInterval = Duration.seconds(1)
    /// For everything from the connect to the last byte, or the script's whole run.
    var timeout = Duration.seconds(2)
    /// Good results in a row that bring a channel back.
    var rise = 2
    /// Bad results in a row that take a channel down.
    var fall = 3
    /// Instead of the channel's port.
    var port: UInt16?
    /// Instead of the channel's address; port 0 stands for `port`, or the channel's.
    var address: Endpoint?
    /// Whether it speaks TLS; nil: as the channel does.
    var usesTLS: Bool?
}

/// What a probe does.
enum ProbeCheck: Equatable, Sendable {
    /// Connects, and no more.
    case connect
    case exchange([ProbeStep])
    case http(HTTPCheck)
    case postgres(user: String, provesPrimary: Bool)
    case mysql(user: String)
    /// A handshake of TLS, and no more; the channel's certificate has to be good.
    case tls
    /// The path of a program, which exits with 0 when all is well.
    case script(path: String)
}

/// A step of `send-expect`.
enum ProbeStep: Equatable, Sendable {
    /// It may be a password.
    case send(Secret<[UInt8]>)
    /// The next line begins with this.
    case text([UInt8])
    /// The next bytes are these.
    case bytes([UInt8])
    /// Found in what has come since the step before; see `PreparedRegex`.
    case regex(String)
}

/// What an HTTP request asks for, and which answer is good.
struct HTTPCheck: Equatable, Sendable {
    enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
    }

    var method = Method.get
    var path: RequestPath = "/"
    /// The `Host` header; nil: the channel's address as the file has it.
    var host: String?
    var status: [ClosedRange<Int>] = [200...399]
    /// A text that the body must contain.
    var body: String?
}
