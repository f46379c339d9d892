internal import Shared

/// What a worker is asked to do.
enum WorkerCommand: Sendable {
    /// A client that another worker has accepted.
    case serve(AcceptedClient)
    /// Watch these sockets, and no others.
    case listen([ListeningSocket])
    /// A session that waits is the first in its service's line, and should look again.
    case wake(Token)
    /// End this session if it is still shaking hands in TLS: all places are taken, and it has been at it for longest.
    case dropHandshake(Token)
    /// End the sessions of these channels; answered with their number.
    case cutChannels(serials: Set<UInt64>, question: UInt64)
    /// The same of channels and listeners that were removed.
    case cutRemoved(serials: Set<UInt64>, question: UInt64)
    /// End the sessions of this channel: another one is primary now.
    case supersede(UInt64)
    /// These channels were removed, and are not asked about any more.
    case forget([UInt64])
    case cutSession(id: UInt64, question: UInt64)
    /// Answered with the worker's counts.
    case report(question: UInt64)
    /// Look through the sessions from a slot on; answered with those of the first few slots.
    case scan(SessionScan, from: Int, question: UInt64)
    /// Ask the kernel about these sessions; answered for the first few.
    case examine(ArraySlice<SessionPlace>, question: UInt64)
    case showSession(id: UInt64, question: UInt64)
    /// Copy what the session moves into this sink; answered with whether there is such a session.
    case tapSession(id: UInt64, TapSink, question: UInt64)
    /// Find sessions for a dump, among those in slots from here on and those to come.
    case tapSessions(TapSearch, from: Int)
    /// Log what happens to these sessions; answered with how many there are.
    case trace(TraceFilters, question: UInt64)
    /// End everything and return.
    case stop
    /// Come to a standstill once this turn is over; answered when it has.
    case quiesce(question: UInt64)
    /// While it stands still: answered with everything that another process shall go on with.
    case handOver(question: UInt64)
    /// The standstill is over, and nothing has happened.
    case resume
    /// The standstill is over, and these sessions are another process's now.
    case releaseAll
    /// Go on with these sessions of another process.
    case adopt([TransferredSession])
    /// What another process's workers had counted.
    case inherit(WorkerHandoverState)
}

/// What a worker, or the watch of names, reports to the supervisor.
enum WorkerEvent: Sendable {
    case channelFailed(Channel, EndReason.Cause)
    case channelReturned(Channel)
    /// No further session goes there until an election has been held.
    case primaryFailed(Channel, EndReason.Cause)
    case sessionEnded(SessionRecord, EndReason)
    case shortage(SystemError)
    /// All places of a service are taken, and there is room again.
    case serviceFull(Service)
    case serviceHasRoom(Service)
    case denied(Denied)
    /// A client's TLS, in words why; and how many others' that were not reported.
    case handshakeFailed(Endpoint, Listener, String, untold: Int)
    /// A channel's name leads to these addresses now.
    case resolved(Channel, Endpoint, [Endpoint])
    case unresolved(Channel, Resolver.Failure)
    case answer(WorkerReply, question: UInt64)
    /// There are records for the dump of that number.
    case tapped(UInt64)
}

/// A client that `access` has not let in.
struct Denied: Sendable {
    var client: Endpoint
    var listener: Listener
    /// From 1.
    var rule: Int
    /// As the rule was written.
    var words: String
    /// The rule is the service's, not the listener's.
    var isServices: Bool
    /// Others that were not reported.
    var untold: Int
}

/// A worker's answer to a question.
enum WorkerReply: Sendable {
    case cut(Int)
    case report(WorkerReport)
    case sessions(SessionSlice)
    case legs([ConnectionInfo?])
    case session(SessionDetail?)
    case tapped(Bool)
    case addresses([Endpoint: [Endpoint]])
    /// Of this name.
    case noAddress(Endpoint, Resolver.Failure)
    /// A thread beside the loop has finished. nanoseconds: what its work is charged with.
    case done(nanoseconds: UInt64)
    /// So many sessions are logged.
    case traced(Int)
    case standsStill
    case handedOver(WorkerHandoverState)
    /// So many log files were opened again, or what went wrong.
    case reopened(Int, problem: String?)
}
