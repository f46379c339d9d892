internal import Histogram
internal import Shared

/// `show channel PATH`: one channel in detail, a fact per row.
enum ShowChannel {
    static func run(_ request: ControlRequest) {
        guard request.words.count == 1, let path = request.words.first else {
            return request.refuse(.usage, "show channel PATH, as in show channel mail/0/2")
        }
        let found = PathResolver(topology: request.state.topology).channels(at: path)
        guard let channels = found, let channel = channels.first else {
            return request.refuse(.notFound, "no channel “\(path.prefix(80))”")
        }
        guard channels.count == 1, path.split(separator: "/").count > 1 else {
            return request.refuse(
                .invalid, "“\(path.prefix(80))” is not one channel; name one, as in mail/0/2")
        }
        request.queries.ask({ .report(question: $0) }) { answers in
            let now = Instant.now
            let times = answers.reports.connectTimes(of: channel, now: now)
            var detail = ChannelDetail(channel, times: times, now: now)
            for service in request.state.topology.services {
                guard let group = service.groups.first(where: { $0.contains(channel) }) else {
                    continue
                }
                detail.add(service, group, channel, now: now)
            }
            detail.addErrors(of: channel, now: now)
            request.answer(detail.table)
        }
    }
}

/// Everything known of a channel, as fields and values.
struct ChannelDetail {
    private(set) var table = Table(columns: ["field", "value"])

    private mutating func add(_ field: String, _ value: String?) {
        table.append([field, value.cell])
    }

    private mutating func add(_ field: String, _ value: UInt64?) { add(field, value.cell) }

    /// What `show channels` has, by the same names, and more of the same kind.
    init(_ channel: Channel, times: Histogram<UInt32>?, now: Instant) {
        let snapshot = channel.snapshot(
            connects: times.map(ConnectPercentiles.init), now: now)
        for (field, value) in zip(ChannelSnapshot.columns, snapshot.row) {
            table.append([field, value])
        }
        add("connect_p90_us", times?.valueAtPercentile(90))
        add("connect_max_us", times?.max)
        add("connects_timed", times?.totalCount)
        add("addresses", UInt64(channel.addressCount))
        let raw = channel.totals
        add("total_since_start", raw.sessions)
        add("in_bytes_since_start", raw.inBytes)
        add("out_bytes_since_start", raw.outBytes)
        add("failed_since_start", raw.failures)
        add("session_ms", raw.nanoseconds / 1_000_000)
        let histograms = channel.histograms
        for (name, histogram) in [
            ("connect", histograms.connect), ("first_byte", histograms.firstByte),
            ("session", histograms.session),
        ] {
            add("\(name)_count", histogram.count)
            add("\(name)_mean_us", histogram.meanMicroseconds)
        }
        add("connect_histogram", histograms.connect.text(.connect))
    }

    /// What its service and its group add: timers, limits, and what it should have had of new sessions.
    mutating func add(_ service: Service, _ group: Group, _ channel: Channel, now: Instant) {
        add("service", service.name)
        add("group", group.path)
        add("balance", group.balance.description)
        let timeouts = service.timeouts
        add("connect_timeout_ms", Age(timeouts.connect).milliseconds)
        add("connect_total_ms", timeouts.connectTotal.map { Age($0).milliseconds })
        add("tries", service.view.settings.tries.map { UInt64($0) })
        add("idle_timeout_ms", timeouts.idle.map { Age($0).milliseconds })
        add("half_closed_timeout_ms", timeouts.halfClosed.map { Age($0).milliseconds })
        add("dead_peer_ms", timeouts.deadPeer.map { Age($0).milliseconds })
        add("grace_ms", Age(service.grace).milliseconds)
        add("group_places", group.slots.bound)
        add("service_places", service.slots.bound)
        let (had, due) = Self.shares(of: channel, among: group.channels)
        add("share", had)
        add("share_expected", due)
    }

    /// Its part of the group's new sessions, and that of its weight, both of 1.
    static func shares(of channel: Channel, among channels: [Channel]) -> (String?, String?) {
        func part(_ value: Double, of sum: Double) -> String? {
            sum > 0 ? String((value / sum * 10_000).rounded() / 10_000) : nil
        }
        let sessions = channels.reduce(0.0) { $0 + Double($1.shownTotals.sessions) }
        let weights = channels.reduce(0.0) { $0 + Double($1.isSwitchedOn ? $1.weight : 0) }
        let weight = channel.isSwitchedOn ? Double(channel.weight) : 0
        return (
            part(Double(channel.shownTotals.sessions), of: sessions), part(weight, of: weights)
        )
    }

    /// How often what went wrong since the start, and the last of it, the latest first: `error_1` to `error_10`.
    mutating func addErrors(of channel: Channel, now: Instant) {
        // `refused=37 dead-peer=2`, what happens most first.
        let counts = channel.errors.counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let causes = counts.map { "\($0.replacing(" ", with: "-"))=\($1)" }
        add("causes", causes.isEmpty ? nil : causes.joined(separator: " "))
        let wall = WallClock.milliseconds
        for (index, entry) in channel.errors.all.enumerated() {
            let age = now.milliseconds(since: entry.instant)
            let name = SystemError.name(of: entry.errno) ?? Table.absent
            add(
                "error_\(index + 1)",
                "time_ms=\(wall - min(wall, age)) age_ms=\(age) errno=\(name) cause=\(entry.cause)"
            )
        }
    }
}

extension SessionLimit {
    /// nil: none.
    fileprivate var bound: UInt64? { limit == .max ? nil : UInt64(limit) }
}

extension Group {
    func contains(_ channel: Channel) -> Bool { channels.contains { $0 === channel } }
}

extension TimeHistogram.Totals {
    fileprivate var meanMicroseconds: UInt64? { count > 0 ? nanoseconds / count / 1000 : nil }

    /// How many took at most so many microseconds, each by itself: `100=0 250=5 … more=0`.
    fileprivate func text(_ bounds: TimeHistogram.Bounds) -> String? {
        guard count > 0 else { return nil }
        let names = bounds.nanoseconds.map { String($0 / 1000) } + ["more"]
        return zip(names, buckets).map { "\($0)=\($1)" }.joined(separator: " ")
    }
}
