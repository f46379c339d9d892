internal import ArgumentParser
internal import Glibc
internal import Shared

/// `proxyd measure-log`: how many lines a second a log takes, and what one costs a worker. Hidden:
/// `scripts/bench logs` runs it.
struct MeasureLogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure-log", abstract: "Measure the access log.", shouldDisplay: false)

    @Option(
        help: ArgumentHelp("Lines per second that are offered; 0: as many as go.", valueName: "n"))
    var rate = 50_000

    @Option(help: ArgumentHelp("For how long.", valueName: "seconds"))
    var seconds = 5

    @Option(help: ArgumentHelp("Threads that log at the same time.", valueName: "n"))
    var threads = 2

    @Argument(
        help: ArgumentHelp("Where to: a path, stdout, syslog or journald.", valueName: "target"))
    var target: String

    func validate() throws {
        guard (0...10_000_000).contains(rate), (1...600).contains(seconds),
            (1...64).contains(threads)
        else {
            throw ValidationError(
                "--rate is at most 10000000, --seconds 600, --threads 64")
        }
    }

    func run() throws {
        _ = signal(SIGPIPE, SIG_IGN)
        StandardError.write("format\toffered\twritten\tlost\tlines_per_s\tpost_ns\tthread_cpu_ns\n")
        for format in AccessFormat.allCases { try measure(format) }
    }

    private func measure(_ format: AccessFormat) throws {
        var settings = AccessLogConfiguration(
            target: try LogWords.target(target, as: "the target"))
        settings.format = format
        let log = try AccessLog()
        try log.writer.start(
            try LogSink(settings.target, isAccess: true), AccessLines(format: format))
        let record = try Self.record(asksKernel: format != .httpd)
        let (rate, seconds) = (rate / threads, seconds)
        let began = Instant.now
        let cpuBefore = ProcessTime.nanoseconds
        let posting = try (0..<threads).map { number throws in
            try Thread(name: "post-\(number)") {
                Self.post(record, to: log, rate: rate, seconds: seconds)
            }
        }
        for thread in posting { thread.join() }
        let isAll = log.writer.finish(within: .seconds(60))
        let elapsed = max(1, Instant.now.elapsed(since: began))
        let usage = log.writer.usage
        let offered = usage.written + usage.lost + UInt64(usage.waiting)
        let perSecond = usage.written * 1_000_000_000 / elapsed
        let cpu = (ProcessTime.nanoseconds - cpuBefore) / max(1, usage.written)
        let post = try Self.postNanoseconds(record)
        StandardError.write(
            "\(format.rawValue)\t\(offered)\t\(usage.written)\t\(usage.lost)\t\(perSecond)\t"
                + "\(post)\t\(cpu)\(isAll ? "" : "\tnot all was written in time")\n")
    }

    /// So many a second, in bursts of a millisecond.
    private static func post(_ record: AccessRecord, to log: AccessLog, rate: Int, seconds: Int) {
        let began = Instant.now
        let end = began.advanced(by: .seconds(seconds))
        var record = record
        var count: UInt64 = 0
        while true {
            let now = Instant.now
            guard now < end else { return }
            let due =
                rate == 0
                ? count + 64 : now.elapsed(since: began) * UInt64(rate) / 1_000_000_000
            record.at = now
            while count < due {
                record.id = count
                log.writer.queue.post(record)
                count += 1
            }
            if rate > 0 { usleep(1000) }
        }
    }

    /// What a worker pays, with room in the queue.
    private static func postNanoseconds(_ record: AccessRecord) throws -> UInt64 {
        let log = try AccessLog()
        var values: [AccessRecord] = []
        var best = UInt64.max
        for _ in 0..<20 {
            let began = Instant.now
            for _ in 0..<10_000 { log.writer.queue.post(record) }
            best = min(best, Instant.now.elapsed(since: began) / 10_000)
            _ = log.writer.queue.take(into: &values)
        }
        return best
    }

    private static func record(asksKernel: Bool) throws -> AccessRecord {
        let endpoint = Endpoint.ip(.v4(0x0A00_0001), port: 143)
        let listener = Listener(
            ListenerConfiguration(name: "imap", endpoint: endpoint), in: "mail", serial: 1,
            endpoint: endpoint, workerCount: 1)
        let channel = Channel(
            ChannelConfiguration(name: "0", endpoint: endpoint), in: "mail/main", serial: 2,
            addresses: [endpoint], workerCount: 1, now: .now)
        let now = Instant.now
        var record = AccessRecord(
            event: .end, at: now, id: 4711, client: .ip(.v4(0x0A01_0203), port: 51_022),
            listener: listener, channel: channel, address: endpoint, reason: .done, inBytes: 848,
            outBytes: 940_087,
            times: SessionTimes(started: now, connecting: now, connected: now, firstByte: now),
            generation: 3)
        if asksKernel { record.kernel = .init(channelPort: 40_000, clientRTT: 45, channelRTT: 50) }
        return record
    }
}
