import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The numbered scenarios of flopsy 0.1.0, against the built program.
    @Suite("flopsy as it was", .timeLimit(.minutes(5)))
    struct FlopsyScenarioTests {
        private let flopsy: Foreign
        private let port: UInt16
        private let bound: [Socket]
        private let endpoints: [Endpoint]
        private var here: Endpoint { .loopback(port: port) }
        private var P: String { String(port) }
        private var A: String { "\(endpoints[0])" }
        private var B: String { "\(endpoints[1])" }

        init() throws {
            flopsy = try Foreign("flopsy")
            port = try Program.freePort()
            bound = try (0..<2).map { _ in try Socket.bound() }
            endpoints = try bound.map { try $0.endpoint }
        }

        /// From now on that host accepts.
        @discardableResult
        private func begin(_ index: Int) throws -> LocalChannel {
            try LocalChannel.letter(index == 0 ? "A" : "B", on: endpoints[index])
        }

        private func script(_ text: String, _ name: String, mode: mode_t = 0o755) throws -> String {
            try FileManager.default.createDirectory(
                atPath: (flopsy.directory(name) as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            let path = try flopsy.directory.write("#!/bin/sh\n\(text)\n", to: name)
            _ = unsafe chmod(path, mode)
            return path
        }

        private func lines(_ program: Program) -> [String] {
            program.errorsSoFar.split(separator: "\n").map(String.init)
        }

        private func waitUntilSelected(_ host: String, by program: Program) throws {
            try program.waitForLine("host '\(host)' selected as the new primary\n")
            try eventually("the port is open") { (try? isRefused(at: here)) == false }
        }

        @Test("flopsy 1: the first of two takes everybody, and has seen one connect more")
        func scenario1() throws {
            let (a, b) = (try begin(0), try begin(1))
            let program = try flopsy.start(["-p", P, "-H", "\(A),\(B)"])
            try waitUntilSelected(A, by: program)
            #expect(try letters(3, at: here) == "A A A")
            let placed = try flopsy.channels()[0].total
            try eventually("one connect more than clients") { a.count == Int(placed) + 1 }
            #expect(b.count == 0)
            #expect(
                lines(program) == [
                    "selecting a new primary...", "trying host '\(A)'",
                    "host '\(A)' selected as the new primary",
                ])
            try program.stop()
        }

        @Test("flopsy 2: only the second is alive")
        func scenario2() throws {
            try begin(1)
            let program = try flopsy.start(["-p", P, "-H", "\(A),\(B)"])
            try waitUntilSelected(B, by: program)
            #expect(try letters(2, at: here) == "B B")
            #expect(
                lines(program) == [
                    "selecting a new primary...", "trying host '\(A)'",
                    "host '\(A)' discarded because it is unreachable", "trying host '\(B)'",
                    "host '\(B)' selected as the new primary",
                ])
            try program.stop()
        }

        @Test("a name that does not resolve is a host that is unreachable")
        func unresolved() throws {
            try begin(1)
            let program = try flopsy.start(["-p", P, "-H", "nobody.invalid:1,\(B)"])
            try waitUntilSelected(B, by: program)
            try program.waitForLine("host 'nobody.invalid:1' discarded because it is unreachable\n")
            #expect(try letter(at: here) == "B")
            try program.stop()
        }

        @Test("flopsy 3: nobody is alive; the port refuses until somebody is")
        func scenario3() throws {
            let program = try flopsy.start(["-p", P, "-H", "\(A),\(B)"])
            try eventually("the port refuses") { try isRefused(at: here) }
            for pause in [1, 2] {
                try program.waitForLine(
                    "no hosts available; sleeping for \(pause) seconds, then trying again\n")
            }
            try begin(0)
            try waitUntilSelected(A, by: program)
            #expect(try letter(at: here) == "A")
            try program.stop()
        }

        /// The client that finds out is not dropped here, but waits for the new primary.
        @Test("flopsy 4: the primary stops; its connections stay, new clients reach the second")
        func scenario4() throws {
            let a = try begin(0)
            try begin(1)
            let program = try flopsy.start(["-p", P, "-H", "\(A),\(B)"])
            try waitUntilSelected(A, by: program)
            let held = try Socket.connected(to: here)
            #expect(try held.letter() == "A")
            a.stop()
            #expect(try letters(3, at: here) == "B B B")
            try eventually("a second selection is told") {
                lines(program).filter { $0 == "selecting a new primary..." }.count == 2
            }
            // It is still there: what it sends is taken.
            try held.send("x")
            #expect(try flopsy.channels().map(\.current)[0] == 1)
            try program.stop()
        }

        @Test("flopsy 5: who comes back waits until the present primary fails")
        func scenario5() throws {
            let a = try begin(0)
            let b = try begin(1)
            let program = try flopsy.start(["-p", P, "-H", "\(A),\(B)"])
            try waitUntilSelected(A, by: program)
            a.stop()
            #expect(try letter(at: here) == "B")
            let again = try LocalChannel.letter("A", on: endpoints[0])
            #expect(try letters(2, at: here) == "B B")
            b.stop()
            #expect(try letters(2, at: here) == "A A")
            #expect(again.count >= 2)
            try program.stop()
        }

        @Test("flopsy 6: the check decides, with the host as its only argument")
        func scenario6() throws {
            try begin(0)
            try begin(1)
            let log = flopsy.directory("log")
            let check = try script("echo $# $1 >>\(log)\ntest $1 = \(B)", "check.sh")
            let program = try flopsy.start(["-p", P, "-H", "\(A),\(B)", "-c", check])
            try waitUntilSelected(B, by: program)
            #expect(flopsy.directory.read("log") == "1 \(A)\n1 \(B)\n")
            #expect(
                lines(program) == [
                    "selecting a new primary...", "trying host '\(A)'",
                    "host '\(A)' discarded because it failed the primary check",
                    "trying host '\(B)'", "host '\(B)' selected as the new primary",
                ])
            #expect(try letter(at: here) == "B")
            try program.stop()
        }

        @Test("flopsy 7: ./ping.sh, which looks at the part before the colon")
        func scenario7() throws {
            try begin(0)
            let other = try LocalChannel.letter("C", on: .loopback(2))
            _ = try script("test ${1%%:*} = 127.0.0.2", "ping.sh")
            let program = try flopsy.start(
                ["-p", P, "-H", "\(A),\(other.endpoint)", "-c", "./ping.sh"])
            try waitUntilSelected("\(other.endpoint)", by: program)
            #expect(try letter(at: here) == "C")
            try program.stop()
        }

        @Test("flopsy 8: the check accepts nobody")
        func scenario8() throws {
            try begin(0)
            let program = try flopsy.start(["-p", P, "-H", A, "-c", "false"])
            try eventually("it is said in every round") {
                lines(program).filter {
                    $0 == "host '\(A)' discarded because it failed the primary check"
                }.count >= 2
            }
            #expect(lines(program).contains { $0.hasPrefix("no hosts available; sleeping for 1 ") })
            #expect(try isRefused(at: here))
            try program.stop()
        }

        @Test("flopsy 9: triggers of a directory, sorted; what cannot run is said")
        func scenario9() throws {
            try begin(0)
            let log = flopsy.directory("log")
            _ = try script("echo b $1 >>\(log)", "t/10-b")
            _ = try script("echo a $1 >>\(log)", "t/02-a")
            _ = try script("echo never", "t/05-no", mode: 0o644)
            _ = try script("echo never >>\(log)", "t/sub/01-x")
            let folder = flopsy.directory("t")
            let program = try flopsy.start(["-p", P, "-H", A, "-f", folder])
            try waitUntilSelected(A, by: program)
            try eventually("all have run") { flopsy.directory.read("log") == "a \(A)\nb \(A)\n" }
            try program.waitForLine("running trigger '\(folder)/10-b'")
            #expect(try letter(at: here) == "A")
            #expect(
                lines(program) == [
                    "selecting a new primary...", "trying host '\(A)'",
                    "host '\(A)' selected as the new primary",
                    "running failover triggers on host '\(A)'",
                    "running trigger '\(folder)/02-a' on host '\(A)'",
                    "running trigger '\(folder)/05-no' on host '\(A)'",
                    "unable to call trigger '\(folder)/05-no': Permission denied (os error 13)",
                    "running trigger '\(folder)/10-b' on host '\(A)'",
                ])
            try program.stop()
        }

        /// Clients wait here, where the original refuses them: nobody is served before the trigger has ended.
        @Test("flopsy 10: nobody is served before the trigger has ended")
        func scenario10() throws {
            try begin(0)
            let mark = flopsy.directory("go")
            let trigger = try script("while ! test -e \(mark); do sleep 0.02; done", "trigger")
            let program = try flopsy.start(["-p", P, "-H", A, "-f", trigger])
            try program.waitForLine("running trigger")
            let client = try eventually("the port is open") { try? Socket.connected(to: here) }
            client.setNonBlocking()
            #expect(throws: SocketError.self) { try client.letter() }
            try flopsy.directory.write("", to: "go")
            try eventually("it is served") { (try? client.letter()) == "A" }
            try program.stop()
        }

        @Test("flopsy 11: a trigger that fails is told of, and service starts anyway")
        func scenario11() throws {
            try begin(0)
            let trigger = try script("exit 3", "trigger")
            let program = try flopsy.start(["-p", P, "-H", A, "-f", trigger])
            try waitUntilSelected(A, by: program)
            try program.waitForLine("trigger '\(trigger)' failed with status exit status: 3\n")
            #expect(try letter(at: here) == "A")
            try program.stop()
        }

        @Test("flopsy 12: of a single file only that one runs")
        func scenario12() throws {
            try begin(0)
            let log = flopsy.directory("log")
            let one = try script("echo one >>\(log)", "t/one")
            _ = try script("echo two >>\(log)", "t/two")
            let program = try flopsy.start(["-p", P, "-H", A, "-f", one])
            try waitUntilSelected(A, by: program)
            #expect(try letter(at: here) == "A")
            #expect(flopsy.directory.read("log") == "one\n")
            try program.stop()
        }

        @Test("flopsy 13: -B 2 pauses 1, 2, 2")
        func scenario13() throws {
            let program = try flopsy.start(["-p", P, "-H", A, "-B", "2"])
            func pauses() -> [String] {
                lines(program).filter { $0.hasPrefix("no hosts") }
                    .map { String($0.split(separator: " ")[5]) }
            }
            try eventually("three pauses") { pauses().count >= 3 }
            #expect(pauses().prefix(3) == ["1", "2", "2"])
            try program.stop()
        }

        @Test("flopsy 14: -b listens at that address only")
        func scenario14() throws {
            try begin(0)
            let program = try flopsy.start(["-b", "127.0.0.2:\(P)", "-H", A])
            let there = Endpoint.loopback(2, port: port)
            try eventually("the port is open") { (try? isRefused(at: there)) == false }
            #expect(try letter(at: there) == "A")
            #expect(try isRefused(at: here))
            try program.stop()
        }

        @Test(
            "flopsy 15: both, neither, or no hosts",
            arguments: [
                (["-p", "1", "-b", "127.0.0.1:1", "-H", "a:1"], "cannot be used with"),
                (["-H", "a:1"], "<--port <PORT>|--bind <BIND>>"),
                (["-p", "1"], "--hosts <HOSTS>"),
            ])
        func scenario15(arguments: [String], words: String) throws {
            let run = try flopsy.finish(arguments)
            #expect(run.status == 2)
            #expect(run.errors.hasPrefix("error: "))
            #expect(run.errors.contains(words))
            #expect(run.output.isEmpty)
        }

        @Test("flopsy 16: -H twice is the same as a list")
        func scenario16() throws {
            try begin(1)
            let program = try flopsy.start(["-p\(P)", "-H", A, "--hosts=\(B)"])
            try waitUntilSelected(B, by: program)
            #expect(lines(program)[1] == "trying host '\(A)'")
            try program.stop()
        }

        // 17, the container's variables and files: ContainerTests.

        @Test("flopsy 18: a megabyte arrives whole")
        func scenario18() throws {
            let (_, handover) = try LocalChannel.handingOver(on: endpoints[0])
            let program = try flopsy.start(["-p", P, "-H", A])
            try waitUntilSelected(A, by: program)
            #expect(try handover.next().receiveAll().bytes.isEmpty)
            let client = try Socket.connected(to: here)
            let bytes = [UInt8](repeating: 7, count: 1 << 20)
            let sender = Thread {
                try? client.send(bytes)
                client.close()
            }
            sender.start()
            var channel = try handover.next()
            var received = try channel.receiveAll().bytes
            if received.isEmpty {
                // The connect that saw whether the port is open.
                channel = try handover.next()
                received = try channel.receiveAll().bytes
            }
            #expect(received.count == 1 << 20)
            try program.stop()
        }

        @Test("paths are told as they were written, also those with nothing at them")
        func paths() throws {
            try begin(0)
            _ = try script("exit 3", "t/a")
            for (path, lines) in [
                (
                    "./t", ["running trigger './t/a'", "trigger './t/a' failed with status"]
                ),
                ("t/", ["running trigger 't/a' on", "trigger 't/a' failed with status"]),
                ("t/a", ["running trigger 't/a' on", "trigger 't/a' failed with status"]),
                ("none", ["path 'none' is neither a file nor a directory\n"]),
            ] {
                let program = try flopsy.start(["-p", P, "-H", A, "-f", path])
                try waitUntilSelected(A, by: program)
                for line in lines { try program.waitForLine(line) }
                try program.stop()
            }
        }

        @Test("what checks and triggers write is seen, on both streams")
        func output() throws {
            try begin(0)
            let check = try script("echo checks $1; echo oops >&2", "check")
            let trigger = try script("echo triggers $1", "trigger")
            let program = try flopsy.start(["-p", P, "-H", A, "-c", check, "-f", trigger])
            try waitUntilSelected(A, by: program)
            try program.waitForLine("oops\n")
            try eventually("it is all there") {
                program.output == "checks \(A)\ntriggers \(A)\n"
            }
            try program.stop()
        }

        @Test(
            "signals end it as they end a program that handles none",
            arguments: [SIGTERM, SIGINT, SIGHUP])
        func ended(by signal: CInt) throws {
            try begin(0)
            let program = try flopsy.start(["-p", P, "-H", A])
            try waitUntilSelected(A, by: program)
            #expect(try program.stop(with: signal) == -Int(signal))
            #expect(lines(program).count == 3, "\(lines(program))")
        }

        @Test("when all hosts die nothing is said but flopsy's own lines")
        func noExtraLines() throws {
            let a = try begin(0)
            let program = try flopsy.start(["-p", P, "-H", A])
            try waitUntilSelected(A, by: program)
            a.stop()
            _ = try? letter(at: here)
            try program.waitForLine("no hosts available; sleeping for 2 seconds")
            try program.stop()
            let own = ["selecting", "trying", "host '", "no hosts"]
            #expect(
                lines(program).allSatisfy { line in own.contains { line.hasPrefix($0) } },
                "\(lines(program))")
        }

        @Test("an address that is taken aborts it")
        func aborts() throws {
            try begin(0)
            let taken = try Socket.listening()
            let run = try flopsy.finish(["-b", "\(try taken.endpoint)", "-H", A])
            #expect(run.status == -Int(SIGABRT))
        }

        @Test("flopsy 19: a host without a port is unreachable, and never selected")
        func scenario19() throws {
            try begin(1)
            let program = try flopsy.start(["-p", P, "-H", "localhost,\(B),"])
            try waitUntilSelected(B, by: program)
            try program.waitForLine("host 'localhost' discarded because it is unreachable\n")
            #expect(try letter(at: here) == "B")
            try program.stop()
            let alone = try flopsy.finish(["-p", P, "-H", "localhost"])
            #expect(alone.status == 2)
        }
    }
}
