import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Lines about sessions")
struct AccessLinesTests {
    /// 31 July 2011, 11:00:00 UTC, at instant zero.
    private static let offset: UInt64 = 1_312_110_000_000_000_000

    private static func line(_ format: AccessFormat, _ record: AccessRecord) -> String {
        var lines = AccessLines(format: format)
        var buffer = LineBuffer(.bare, clock: LogClock(offset: offset))
        lines.put(record, into: &buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    /// The time of the record, as this machine's zone has it.
    private static func time(_ seconds: Int, _ format: String) -> String {
        var time = time_t(offset / 1_000_000_000) + seconds
        var parts = unsafe tm()
        _ = unsafe localtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&text, text.count, format, &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func listener() -> Listener {
        Listener(
            ListenerConfiguration(name: "l", endpoint: .local(9)), in: "s", serial: 1,
            endpoint: .local(9), workerCount: 1)
    }

    /// The one of fproxy's page: 848 bytes from the client, 940087 from the channel, 8 seconds each.
    private static func sample() throws -> AccessRecord {
        var record = AccessRecord(
            event: .end, at: Instant(nanoseconds: 9_900_000_000), id: 42,
            client: .ip(.loopbackV4, port: 51_022), listener: listener(), channel: try .make(),
            address: try Endpoint("192.168.0.1:80"), reason: .done, inBytes: 848,
            outBytes: 940_087, retries: 1,
            times: SessionTimes(
                started: Instant(nanoseconds: 1_000_000_000),
                connecting: Instant(nanoseconds: 1_000_400_000),
                connected: Instant(nanoseconds: 1_001_000_000),
                firstByte: Instant(nanoseconds: 1_003_500_000)),
            generation: 3)
        record.kernel = .init(channelPort: 40_000, clientRTT: 45, channelRTT: 50)
        return record
    }

    @Test("fproxy's line, byte for byte")
    func httpd() throws {
        let time = Self.time(9, "%d/%b/%Y:%H:%M:%S %z")
        #expect(
            Self.line(.httpd, try Self.sample())
                == "127.0.0.1 - - [\(time)] \"GET 192.168.0.1\" 200 848 8 940087 8\n")
    }

    @Test("the extended line is that, and everything else by name")
    func extended() throws {
        let record = try Self.sample()
        let httpd = Self.line(.httpd, record).dropLast()
        #expect(
            Self.line(.extended, record) == """
                \(httpd) event=end session=42 client=127.0.0.1:51022 listener=s/l \
                listener_address=127.0.0.1:9 channel=s/g/0 address=192.168.0.1:80 \
                channel_port=40000 status=200 in_bytes=848 out_bytes=940087 client_ms=8900 \
                channel_ms=8899 wait_us=400 connect_us=600 first_byte_us=2500 code=-- cause=done \
                retries=1 client_rtt_us=45 channel_rtt_us=50 generation=3 sni=- tls=- cipher=- \
                subject=-

                """)
    }

    @Test("JSON is an object per line, with null for what does not apply")
    func json() throws {
        var record = try Self.sample()
        record.channel = nil
        record.address = nil
        record.kernel = nil
        record.times = SessionTimes(started: record.at)
        record.reason = EndReason(who: .proxy, when: .queue, cause: .noChannel)
        let zone = Self.time(9, "%z")
        let time = Self.time(9, "%Y-%m-%dT%H:%M:%S") + ".900\(zone.prefix(3)):\(zone.suffix(2))"
        #expect(
            Self.line(.json, record) == """
                {"time":"\(time)","event":"end","session":42,"client":"127.0.0.1:51022",\
                "listener":"s/l","listener_address":"127.0.0.1:9","channel":null,"address":null,\
                "channel_port":null,"status":503,"in_bytes":848,"out_bytes":940087,"client_ms":0,\
                "channel_ms":null,"wait_us":null,"connect_us":null,"first_byte_us":null,\
                "code":"PQ","cause":"no channel","retries":1,"client_rtt_us":null,\
                "channel_rtt_us":null,"generation":3,"sni":null,"tls":null,\
                "cipher":null,"subject":null}

                """)
    }

    @Test(
        "who is on a Unix socket, on IPv6, or nowhere",
        arguments: [
            ("unix:/c", "10.0.0.1:80", "- - - ", "\"GET 10.0.0.1\""),
            ("[2001:db8::7]:5", "[::1]:80", "2001:db8::7 - - ", "\"GET ::1\""),
            ("10.0.0.7:1", "unix:/run/b.sock", "10.0.0.7 - - ", "\"GET /run/b.sock\""),
            ("10.0.0.7:1", nil, "10.0.0.7 - - ", "\"GET -\""),
        ] as [(String, String?, String, String)])
    func hosts(client: String, address: String?, begins: String, request: String) throws {
        var record = try Self.sample()
        record.client = try Endpoint(client)
        record.address = try address.map { text throws in try Endpoint(text) }
        let line = Self.line(.httpd, record)
        #expect(line.hasPrefix(begins))
        #expect(line.contains(request))
    }

    @Test(
        "how it went, as web servers put it",
        arguments: [
            (.done, true, 200),
            (EndReason(who: .client, when: .data, cause: .reset), true, 200),
            (EndReason(who: .client, when: .connect, cause: .reset), false, 200),
            (EndReason(who: .clientIdle, when: .data, cause: .timeout), true, 408),
            (EndReason(who: .channelIdle, when: .halfClosed, cause: .timeout), true, 408),
            (EndReason(who: .channelIdle, when: .queue, cause: .timeout), false, 503),
            (EndReason(who: .channel, when: .connect, cause: .refused), false, 502),
            (EndReason(who: .channel, when: .data, cause: .reset), true, 502),
            (EndReason(who: .operator, when: .data, cause: .cut), true, 502),
            (EndReason(who: .operator, when: .accept, cause: .shutdown), false, 503),
            (EndReason(who: .superseded, when: .data, cause: .primaryChanged), true, 502),
            (EndReason(who: .proxy, when: .accept, cause: .rate), false, 503),
            (EndReason(who: .resource, when: .connect, cause: .descriptors), false, 503),
        ] as [(EndReason, Bool, Int)])
    func status(reason: EndReason, isServed: Bool, expected: Int) throws {
        var record = try Self.sample()
        record.reason = reason
        if !isServed { record.times.connected = .zero }
        #expect(record.status == expected)
    }

    @Test("a session that goes on has no code and no status yet")
    func running() throws {
        var record = try Self.sample()
        record.event = .running
        record.reason = nil
        let line = Self.line(.extended, record)
        #expect(line.contains("\"GET 192.168.0.1\" - 848"))
        #expect(line.contains("event=running"))
        #expect(line.contains("status=- "))
        #expect(line.contains("code=- cause=- "))
    }

    @Test(
        "a peer's text forges no line, field or quote", arguments: AccessFormat.allCases,
        ["/a\n127.0.0.1 - - x", "/a\" 200", "/a b=c", "/\u{1B}[2J", "/\u{2028}", "/é\\"])
    func hostile(format: AccessFormat, path: String) throws {
        var record = try Self.sample()
        record.client = .unix(path: path)
        record.address = .unix(path: path)
        let line = Self.line(format, record)
        #expect(line.utf8.count { $0 == 0x0A } == 1)
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
        if format != .json {
            #expect(line.utf8.count { $0 == 0x22 } == 2)
            #expect(line.utf8.allSatisfy { $0 < 0x7F })
            let blanks = format == .httpd ? 11 : 37
            #expect(line.utf8.count { $0 == 0x20 } == blanks)
        } else {
            #expect(!line.contains("\u{2028}"))
        }
    }
}
