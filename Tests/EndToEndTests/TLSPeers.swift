import Foundation
import Glibc
import Shared
import TestAuthority
import Testing

/// openssl-s_server(1): sends every line back, its letters in reverse order.
final class TLSPeerServer {
    let program: Program
    let endpoint: Endpoint

    init(
        _ certificate: TestAuthority.Issued, _ options: [String] = ["-rev"],
        in directory: TemporaryDirectory
    ) throws {
        let program = try Program(
            [
                "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.certificate,
                "-cert_chain", certificate.certificate, "-key", certificate.key,
            ] + options, in: directory)
        self.program = program
        endpoint = try eventually("s_server listens") {
            let line = program.output.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") }
            return try line.map { try Endpoint(String($0.dropFirst("ACCEPT ".count))) }
        }
    }

    /// What a plain client of a proxy before it gets for a line.
    static func exchange(_ word: String, over client: Socket) throws -> String {
        try client.send(word + "\n")
        let bytes = (try? client.receive(exactly: word.utf8.count + 1)) ?? []
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }
}

/// openssl-s_client(1), or curl(1).
enum TLSPeerClient {
    /// Both streams, and how it ended.
    static func run(
        _ port: UInt16, _ options: [String], input: String = "", in directory: TemporaryDirectory
    ) throws -> (output: String, status: Int) {
        let program = try Program(
            ["openssl", "s_client", "-connect", "127.0.0.1:\(port)"] + options, in: directory,
            input: input)
        let status = try program.waitForEnd()
        return (program.output + program.errors, status)
    }

    /// What it received, where that is all it says (`-quiet`).
    static func received(
        _ port: UInt16, _ options: [String], input: String = "", in directory: TemporaryDirectory
    ) throws -> String {
        let program = try Program(
            ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-quiet"] + options,
            in: directory, input: input)
        _ = try program.waitForEnd()
        return program.output
    }

    /// The common name of the certificate that it is shown.
    static func shown(
        _ port: UInt16, _ name: String?, in directory: TemporaryDirectory
    ) throws -> String? {
        let sni = name.map { ["-servername", $0] } ?? ["-noservername"]
        let (output, _) = try run(port, sni, in: directory)
        return output.split(separator: "\n").first { $0.hasPrefix("subject=CN = ") }
            .map { String($0.dropFirst("subject=CN = ".count)) }
    }
}

/// A client that is told what to say as the test goes on.
final class TLSTalkingClient {
    let program: Program
    private let words: FileHandle

    init(_ port: UInt16, _ options: [String] = [], in directory: TemporaryDirectory) throws {
        let pipe = directory("words-\(UUID().uuidString)")
        guard unsafe mkfifo(pipe, 0o600) == 0 else { throw SocketError(errno, "mkfifo") }
        program = try Program(
            [
                "sh", "-c", "exec openssl s_client -connect 127.0.0.1:\(port) \"$@\" <\(pipe)",
                "s_client",
            ] + options, in: directory)
        words = try FileHandle(forWritingTo: URL(fileURLWithPath: pipe))
        Leftovers.add { [words] in try? words.close() }
    }

    func say(_ line: String) throws { try words.write(contentsOf: Data((line + "\n").utf8)) }

    /// Waits until it has written this.
    func expect(_ text: String) throws {
        try eventually("“\(text)” in \(program.report)") {
            program.output.contains(text) || program.errorsSoFar.contains(text)
        }
    }

    func end() throws { try words.close() }
}

extension TestAuthority {
    /// A certificate for loopback and for these names.
    func server(
        _ file: String, for names: [String] = [], key: KeyKind = .ec, isExpired: Bool = false
    ) throws -> Issued {
        try issue(
            file, for: ["127.0.0.1", "localhost"] + names, key: key, isExpired: isExpired)
    }
}
