internal import Shared

/// A client on its way to the worker that will serve it.
struct AcceptedClient: Sendable {
    /// Owned by whoever holds this value; a session that is made from it takes it over.
    let descriptor: CInt
    let address: Endpoint
    let listener: Listener
    let service: Service
}
