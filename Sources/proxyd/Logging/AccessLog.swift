internal import Shared
internal import Synchronization

/// The access log, as workers see it: what is wanted, and where to put it.
final class AccessLog: Sendable {
    let writer: LogWriter<AccessLines>
    private let filterBits = Atomic<UInt8>(0)
    /// Nanoseconds; 0: no lines of sessions that go on.
    private let interval = Atomic<UInt64>(0)

    /// Which lines are written, and what is needed for them. One load tells all.
    struct Filter: OptionSet, Sendable {
        let rawValue: UInt8

        static let start = Filter(rawValue: 1)
        static let running = Filter(rawValue: 2)
        static let end = Filter(rawValue: 4)
        /// The kernel is asked about both connections.
        static let kernel = Filter(rawValue: 8)
    }

    /// Records that may wait: a second's worth and more.
    static let queueLimit = 65_536

    init() throws(SystemError) {
        writer = try LogWriter(name: "access log", limit: Self.queueLimit)
    }

    @inline(__always)
    var filter: Filter { Filter(rawValue: filterBits.load(ordering: .relaxed)) }

    /// How often sessions that go on are logged; nil: never.
    var every: UInt64? {
        let every = interval.load(ordering: .relaxed)
        return every > 0 ? every : nil
    }

    func want(_ settings: AccessLogConfiguration?) {
        interval.store(settings?.every?.wholeNanoseconds ?? 0, ordering: .relaxed)
        filterBits.store(settings.map { Filter(of: $0) }?.rawValue ?? 0, ordering: .relaxed)
    }
}

extension AccessLog.Filter {
    init(of settings: AccessLogConfiguration) {
        self = []
        if settings.tellsStart { insert(.start) }
        if settings.every != nil { insert(.running) }
        if settings.tellsEnd { insert(.end) }
        if settings.format != .httpd { insert(.kernel) }
    }
}
