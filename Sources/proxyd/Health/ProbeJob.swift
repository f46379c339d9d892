internal import Shared

/// What the prober does again and again: one probe of one channel.
final class ProbeJob {
    let probe: ProbeConfiguration
    /// Its place in the channel's plan.
    let index: Int
    /// Its jobs are the subject's, so they go with it.
    unowned let subject: ProbeSubject
    let token: Token

    init(
        _ probe: ProbeConfiguration, index: Int, of subject: ProbeSubject, token: Token
    ) {
        self.probe = probe
        self.index = index
        self.subject = subject
        self.token = token
    }
}

/// A channel that is probed, and what its probes have found.
final class ProbeSubject {
    let channel: Channel
    var state: HealthState
    var jobs: [ProbeJob] = []
    /// By probe; nil until its first result.
    var results: [ProbeResult?]

    private let plan: ProbePlan
    private let endpoint: Endpoint

    init(_ channel: Channel) {
        self.channel = channel
        plan = channel.probePlan
        endpoint = channel.endpoint
        state = HealthState(plan)
        if channel.probes.consumeRestored() { state.resume(isUp: !channel.isDown) }
        results = plan.probes.map { _ in nil }
    }

    /// Whether it is about what the channel is now.
    func isUpToDate(with channel: Channel) -> Bool {
        plan == channel.probePlan && endpoint == channel.endpoint
    }

    /// The last results in words: of one probe its own, of several each with its name.
    var words: String? {
        guard results.contains(where: { $0 != nil }) else { return nil }
        guard results.count > 1 else { return results.first??.words }
        return zip(jobs, results).compactMap { job, result in
            result.map { "\(job.probe.name): \($0.words)" }
        }.joined(separator: ", ")
    }

    /// How long the slowest of its last probes took.
    var nanoseconds: UInt64? { results.compactMap { $0?.nanoseconds }.max() }

    /// Why it is down: what the probes say that have failed.
    var failures: String {
        zip(jobs, results).compactMap { job, result in
            guard !state.isUp(probe: job.index), let result else { return nil }
            return "probe \(job.probe.name): \(result.words)"
        }.joined(separator: ", ")
    }
}
