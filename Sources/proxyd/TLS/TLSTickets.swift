internal import COpenSSL
internal import Shared

/// The keys that tickets of a listener's clients are encrypted with; they change by themselves, for all workers.
@safe
final class TLSTickets: @unchecked Sendable {
    let pointer: OpaquePointer
    let lifetime: UInt32

    init(lifetime: Duration) throws(TLSError) {
        self.lifetime = UInt32(clamping: max(1, lifetime.components.seconds))
        guard let tickets = unsafe copenssl_tickets_new(self.lifetime) else {
            throw TLSError("OpenSSL has no memory for tickets")
        }
        unsafe pointer = tickets
    }

    deinit { unsafe copenssl_tickets_free(pointer) }
}
