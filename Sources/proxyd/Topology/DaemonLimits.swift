/// What the process can carry, derived from how many descriptors it may have.
///
/// A session has two descriptors, and two more per direction while that is spliced; what pipes may
/// take is set aside, so that running out of them means copying, never failing to connect.
struct DaemonLimits: Equatable, Sendable {
    let descriptors: Int
    let pipes: Int
    let sessions: Int

    /// Listeners, control connections, pollers and the standard streams.
    private static let reserved = 96
    /// A user without privileges gets 16,384 pages for pipes (pipe(7)): 128 pipes of 512 KiB. A pipe past
    /// that would have two pages, and copying beats it.
    private static let mostPipes = 120

    /// `wanted` is `max-sessions`, which can only lower the number.
    init(descriptors: Int, wanted: Int?) {
        self.descriptors = descriptors
        pipes = max(2, min(Self.mostPipes, descriptors / 16))
        let possible = max(1, (descriptors - Self.reserved - 2 * pipes) / 2)
        sessions = min(wanted ?? possible, possible)
    }
}
