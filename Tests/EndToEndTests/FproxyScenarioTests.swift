import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The numbered scenarios of fproxy 0.41, against the built program.
    @Suite("fproxy as it was", .timeLimit(.minutes(5)))
    struct FproxyScenarioTests {
        private let fproxy: Foreign
        private let port: UInt16
        private var here: Endpoint { .loopback(port: port) }
        private var cluster: String { "127.0.0.1:\(port)" }

        init() throws {
            fproxy = try Foreign("fproxy")
            port = try Program.freePort()
        }

        // 1, with its port 80 and its default paths: FproxyDialectTests, as tests own neither.

        private func threeLetters() throws -> [LocalChannel] {
            try ["A", "B", "C"].map { try LocalChannel.letter($0) }
        }

        private func addresses(_ channels: [LocalChannel]) -> [String] {
            channels.map { "\($0.endpoint)" }
        }

        private func run(
            _ options: [String], clusters: [String]? = nil, _ backends: [String],
            _ body: (Program) throws -> Void
        ) throws {
            let program = try fproxy.start(
                ["-f"] + options + (clusters ?? [cluster]) + ["--"] + backends)
            do {
                try body(program)
            } catch {
                Issue.record("\(program.report)")
                throw error
            }
            try eventually("nobody is left") {
                try fproxy.channels().allSatisfy { $0.current == 0 }
            }
            #expect(try program.stop() == 0)
        }

        @Test("fproxy 2: -f -s0 serves in turns, and touches no file of the default places")
        func scenario2() throws {
            let places = ["/var/log/fproxy.log", "/var/log/fproxy.err", "/var/run/fproxy.pid"]
            let before = places.map { FileManager.default.fileExists(atPath: $0) }
            let channels = try threeLetters()
            try run(["-s0"], addresses(channels)) { program in
                #expect(try letters(6, at: here) == "A B C A B C")
                try eventually("six lines on standard output") {
                    program.output.split(separator: "\n").count == 6
                }
            }
            #expect(places.map { FileManager.default.fileExists(atPath: $0) } == before)
        }

        @Test("fproxy 3: -s1, six clients: two each")
        func scenario3() throws {
            let channels = try threeLetters()
            try run(["-s1"], addresses(channels)) { _ in
                let served = try letters(6, at: here)
                #expect(served == "A B C A B C")
            }
            #expect(channels.map(\.count) == [2, 2, 2])
        }

        @Test("fproxy 4: -s1 counts clients, however long one stays")
        func scenario4() throws {
            let channels = try threeLetters()
            try run(["-s1"], addresses(channels)) { _ in
                let held = try Socket.connected(to: here)
                #expect(try held.letter() == "A")
                _ = try letters(5, at: here)
                #expect(channels.map(\.count) == [2, 2, 2])
                held.close()
            }
        }

        @Test("fproxy 5: -s2, after a megabyte through A the others get the clients")
        func scenario5() throws {
            let channels = try threeLetters()
            try run(["-s2"], addresses(channels)) { _ in
                let first = try Socket.connected(to: here)
                #expect(try first.letter() == "A")
                try first.send([UInt8](repeating: 1, count: 1 << 20))
                try eventually("it has gone through") {
                    try fproxy.channels()[0].inBytes == 1 << 20
                }
                first.close()
                let others = try letters(6, at: here)
                #expect(!others.contains("A"))
                #expect(channels.map(\.count)[1...].allSatisfy { $0 == 3 })
            }
        }

        @Test("fproxy 6: -s3, who stays long on A keeps the others away from it")
        func scenario6() throws {
            let channels = try threeLetters()
            try run(["-s3"], addresses(channels)) { _ in
                let first = try Socket.connected(to: here)
                #expect(try first.letter() == "A")
                try eventually("it has been there for a while") {
                    try fproxy.ask("show sessions").last.map {
                        (Int($0.split(separator: "\t")[5]) ?? 0) > 400
                    } ?? false
                }
                let others = try letters(4, at: here)
                #expect(!others.contains("A"), "\(others)")
                #expect(others.contains("B") && others.contains("C"))
                first.close()
            }
        }

        @Test("fproxy 7: the default spreads equal clients evenly")
        func scenario7() throws {
            let channels = try threeLetters()
            try run([], addresses(channels)) { _ in _ = try letters(9, at: here) }
            // How long such short sessions last is chance, and counts; equals are equal in DistributionTests.
            #expect(channels.allSatisfy { $0.count > 0 })
            #expect(channels.reduce(0) { $0 + $1.count } == 9)
        }

        @Test("fproxy 8: -y6 contacts the backend with the sixth byte, and loses none")
        func scenario8() throws {
            let (channel, handover) = try LocalChannel.handingOver()
            try run(["-y6"], addresses([channel])) { _ in
                let client = try Socket.connected(to: here)
                try client.send("GET /")
                let other = try Socket.connected(to: here)
                try eventually("both are there") { try fproxy.ask("show sessions").count == 3 }
                #expect(channel.count == 0)
                try client.send("\n")
                let connection = try handover.next()
                #expect(try connection.receive(exactly: 6) == Array("GET /\n".utf8))
                #expect(channel.count == 1)
                connection.close()
                client.close()
                other.close()
            }
        }

        @Test("fproxy 9: -y6 with -t drops a silent client, whom no backend has seen")
        func scenario9() throws {
            let channel = try LocalChannel.letter("A")
            try run(["-y6", "-t1"], addresses([channel])) { program in
                let start = ContinuousClock.now
                let client = try Socket.connected(to: here)
                #expect(try client.receiveAll().bytes.isEmpty)
                let time = ContinuousClock.now - start
                #expect(time > .milliseconds(900) && time < .seconds(15), "\(time)")
                #expect(channel.count == 0)
                try eventually("its line") {
                    program.output.contains(#/"POST -" 408 0 [1-9]\d* 0 0/#)
                }
            }
        }

        @Test("fproxy 10: -t drops who is idle, and not who gets a byte now and then")
        func scenario10() throws {
            let idle = try LocalChannel.letter("A")
            let busy = try LocalChannel { connection in
                for _ in 0..<15 {
                    try connection.send("x")
                    Thread.sleep(forTimeInterval: 0.2)
                }
            }
            try run(["-s0", "-t2"], addresses([idle, busy])) { program in
                let start = ContinuousClock.now
                let first = try Socket.connected(to: here)
                // Of two that come at once, either may be chosen for first.
                #expect(try first.receive(exactly: 1) == Array("A".utf8))
                let second = try Socket.connected(to: here)
                #expect(try first.receiveAll().bytes.isEmpty)
                let time = ContinuousClock.now - start
                #expect(time > .milliseconds(1900) && time < .seconds(15), "\(time)")
                #expect(try second.receiveAll().bytes.count == 15)
                second.close()
                try eventually("its code is 408") { program.output.contains(" 408 ") }
            }
        }

        @Test("fproxy 11: a dead backend is contacted once in a grace time, and no client fails")
        func scenario11() throws {
            let (a, gone, c) = (
                try LocalChannel.letter("A"), try Socket.bound(), try LocalChannel.letter("C")
            )
            let endpoint = try gone.endpoint
            try run(["-s0", "-g3"], ["\(a.endpoint)", "\(endpoint)", "\(c.endpoint)"]) { _ in
                #expect(!(try letters(4, at: here)).split(separator: " ").contains(""))
                #expect(try fproxy.channels()[1].failed == 1)
                let b = try LocalChannel.letter("B", on: endpoint)
                try eventually("it serves again") { try letter(at: here) == "B" }
                #expect(b.count == 1)
            }
        }

        @Test("fproxy 12: without -g the grace time is a minute")
        func scenario12() throws {
            let (a, gone) = (try LocalChannel.letter("A"), try Socket.bound())
            try run(["-s0"], ["\(a.endpoint)", "\(try gone.endpoint)"]) { _ in
                #expect(try letters(3, at: here) == "A A A")
                let channel = try fproxy.channels()[1]
                #expect(channel.failed == 1)
                #expect((50_000...60_000).contains(channel.retryMilliseconds ?? 0))
            }
        }

        /// In the background, with its three files in the test's directory.
        private func inBackground(_ options: [String], _ backends: [String]) throws -> pid_t {
            let files = ["-oaccess", "-eerrors", "-ppid"]
            let pid = try fproxy.startInBackground(
                files + options + [cluster, "--"] + backends)
            #expect(fproxy.directory.read("pid") == "\(pid)\n")
            return pid
        }

        private func answering() throws -> LocalChannel {
            try LocalChannel { connection in
                _ = try connection.receive(exactly: 5)
                try connection.send("1234567")
                while try !connection.receive().isEmpty {}
            }
        }

        private func talk() throws {
            let client = try Socket.connected(to: here)
            try client.send("hello")
            #expect(try client.receive(exactly: 7) == Array("1234567".utf8))
            client.close()
        }

        /// The lines of a log, without the time of each; that has to look like one.
        private func lines(_ name: String = "access") -> [String] {
            fproxy.directory.read(name).split(separator: "\n").map { line in
                let months = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
                let time =
                    "\\[[0-3][0-9]/(\(months))/20[0-9]{2}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\\]"
                return line.replacingOccurrences(
                    of: time, with: "TIME", options: .regularExpression)
            }
        }

        @Test(
            "fproxy 13 and 14: the log line, byte for byte; with -y it says POST",
            arguments: [([], "GET"), (["-y1"], "POST")])
        func scenario13(options: [String], method: String) throws {
            let channel = try answering()
            _ = try inBackground(options, addresses([channel]))
            try talk()
            try eventually("its line") { lines().count == 1 }
            #expect(lines() == ["127.0.0.1 - - TIME \"\(method) 127.0.0.1\" 200 5 0 7 0"])
        }

        @Test("fproxy 15: after SIGHUP lines go into the new file")
        func scenario15() throws {
            let channel = try answering()
            let pid = try inBackground([], addresses([channel]))
            try talk()
            try eventually("its line") { lines().count == 1 }
            try FileManager.default.moveItem(
                atPath: fproxy.directory("access"), toPath: fproxy.directory("access.1"))
            kill(pid, SIGHUP)
            try eventually("the new file is there") {
                FileManager.default.fileExists(atPath: fproxy.directory("access"))
            }
            try talk()
            try eventually("the line is in the new file") { lines().count == 1 }
            #expect(lines("access.1").count == 1)
            #expect(!fproxy.directory.read("errors").contains("nothing was changed"))
        }

        @Test(
            "fproxy 16: SIGTERM drains while the next instance takes over",
            arguments: [SIGTERM, SIGQUIT])
        func scenario16(signal: CInt) throws {
            let channel = try LocalChannel.echo()
            let pid = try inBackground([], addresses([channel]))
            let held = try Socket.connected(to: here)
            try held.send("a")
            #expect(try held.receive(exactly: 1) == Array("a".utf8))
            kill(pid, signal)
            try eventually("new clients are refused") { try isRefused(at: here) }
            let second = try inBackground([], addresses([channel]))
            #expect(second != pid)
            #expect(try isRefused(at: here) == false)
            try held.send("b")
            #expect(try held.receive(exactly: 1) == Array("b".utf8))
            held.close()
            try eventually("the first has ended") { kill(pid, 0) != 0 }
            // It has taken nothing away that is the second's.
            #expect(fproxy.directory.read("pid") == "\(second)\n")
            #expect(try fproxy.channels().count == 1)
        }

        @Test("fproxy 17: Unix sockets on both sides")
        func scenario17() throws {
            let path = fproxy.directory("b.sock")
            let channel = try LocalChannel.letter("A", on: .unix(path: path))
            let own = fproxy.directory("c.sock")
            try run([], clusters: [own], [path]) { program in
                #expect(try letter(at: .unix(path: own)) == "A")
                try eventually("its line") { program.output.hasPrefix("- - - [") }
            }
            #expect(channel.count == 1)
        }

        @Test("fproxy 18: an IPv6 cluster with an IPv4 backend")
        func scenario18() throws {
            let channel = try LocalChannel.letter("A")
            try run([], clusters: ["[::1]:\(port)"], addresses([channel])) { program in
                #expect(try letter(at: .ip(.loopbackV6, port: port)) == "A")
                try eventually("its line") { program.output.hasPrefix("::1 - - [") }
            }
        }

        @Test("fproxy 19: two clusters share the backends and their turns")
        func scenario19() throws {
            let channels = try threeLetters()
            let other = try Program.freePort()
            try run(["-s0"], clusters: [cluster, "127.0.0.1:\(other)"], addresses(channels)) { _ in
                let there = Endpoint.loopback(port: other)
                var served: [String] = []
                for _ in 0..<3 { served += [try letter(at: here), try letter(at: there)] }
                #expect(served == ["A", "B", "C", "A", "B", "C"])
            }
        }

        @Test(
            "fproxy 20: without --, without backend, -s9: usage, and nobody listens",
            arguments: [["CLUSTER"], ["CLUSTER", "--"], ["-s9", "CLUSTER", "--", "127.0.0.1:9"]])
        func scenario20(arguments: [String]) throws {
            let run = try fproxy.finish(arguments.map { $0 == "CLUSTER" ? cluster : $0 })
            #expect(run.status == 1)
            #expect(run.output.isEmpty)
            #expect(run.errors.contains("Usage:"))
            #expect(try isRefused(at: here))
        }

        @Test("what cannot be is said before it detaches")
        func refused() throws {
            let taken = try Socket.listening()
            let cases = [
                (["\(try taken.endpoint)", "--", "127.0.0.1:9"], "Address already in use"),
                (
                    ["-o/nowhere/at/all", cluster, "--", "127.0.0.1:9"],
                    "cannot open the access log"
                ),
                (["-p/nowhere/at/all", cluster, "--", "127.0.0.1:9"], "cannot write the pid file"),
            ]
            for (arguments, words) in cases {
                let run = try fproxy.finish(["-oaccess", "-eerrors", "-ppid"] + arguments)
                #expect(run.status == 1)
                #expect(run.errors.contains(words), "\(run.errors)")
            }
        }
    }
}
