import Shared

@testable import proxyd

/// What must hold for whatever `translate` is given: a command line, and the file that it names. Used by the tests and by
/// `scripts/fuzz`.
enum TranslateChecks {
    /// What fuzzing begins with: the first byte says the dialect, the first line is the command line.
    static let seeds: [[UInt8]] = [
        "0-aHfp -t 3 -T9 -b ::1 -B 10.0.0.1 80 10.0.0.2:9 ! b:81:7 %\n",
        "1-y6 -t2 -g0 -s3 [::1]:8080 /tmp/c -- a ::1 ./b\n",
        "2-p 8080 -H a:1,b:2 -c /x -f /t -B 7\n",
        """
        3-f FILE
        spawnd { user "nobody" num-threads 2 listen { bind "127.0.0.1" port 1430 } }
        relay "x" { method = "weighted"; server "a" { host "127.0.0.1" port 1 weight 3 } }
        """,
        """
        4-f FILE
        server.port = 8080
        server.modules = ( "mod_sockproxy" )
        $SERVER["socket"] == ":143" { sockproxy.server = ( "" => (( "host" => "127.0.0.1", "port" => 1 )) ) }
        """,
        """
        5FILE
        global
          maxconn 100
        defaults
          mode tcp
          timeout connect 5s
        frontend f
          bind 127.0.0.1:143 ssl crt /x
          acl a req.ssl_sni -i a.example
          use_backend b if a
          default_backend b
        backend b
          balance leastconn
          server s1 127.0.0.1:1 check weight 3 maxconn 10 send-proxy-v2
        """,
        """
        6FILE
        stream {
          upstream u { least_conn; server 127.0.0.1:1 weight=3 max_fails=2 fail_timeout=5s; }
          map $ssl_preread_server_name $n { a.example u; default u; }
          server { listen 143; ssl_preread on; proxy_pass $n; proxy_timeout 1m; }
        }
        """,
    ].map { Array($0.utf8) }

    /// What does not hold, or nil.
    static func violation(by bytes: [UInt8]) -> String? {
        guard let first = bytes.first else { return nil }
        let dialects = DialectName.allCases
        let dialect = dialects[Int(first &- 0x30) % dialects.count]
        // No argument of a program has a NUL, and a file that has one is not read.
        let text = String(decoding: bytes.dropFirst().filter { $0 != 0 }, as: UTF8.self)
        let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let arguments = parts[0].split(separator: " ").map(String.init)
        let call = DialectCall(dialect, arguments)
        let machine = HostEnvironment.with(["FILE": parts.count > 1 ? String(parts[1]) : ""])
        do throws(DialectError) {
            guard case .run(var plan) = try call.meaning(in: machine) else { return nil }
            plan.configuration = try plan.validated(for: call)
            return complaint(about: plan.yaml(for: call), plan.configuration)
        } catch {
            return error.text.isEmpty && error.status == 0 ? "refused, and nothing says why" : nil
        }
    }

    /// What was translated is a file of ours, and means the same.
    private static func complaint(about text: String, _ meant: Configuration) -> String? {
        do throws(ConfigurationErrors) {
            let read = try ConfigurationFile.parse(text, name: "translated")
            return read == meant ? nil : "the file means something else:\n\(text)"
        } catch {
            return "the file is not taken: \(error.summary)\n\(text)"
        }
    }
}
