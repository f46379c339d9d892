internal import Glibc
internal import Shared

/// A command line of another program: `proxyd balance …`, or the daemon called `balance`.
enum DialectCommand {
    /// - Returns: what the program ends with.
    static func run(_ call: DialectCall) -> Int32 {
        // A reader of ours that goes away is an error of write(2), not the end.
        _ = signal(SIGPIPE, SIG_IGN)
        StandardDescriptors.fill()
        do throws(DialectError) {
            switch try call.meaning(in: .real) {
            case .text(let text):
                StandardOutput.write(text)
                return 0
            case .converse(let request):
                return BalanceConversation(request: request).run()
            case .run(let plan):
                return try run(plan, of: call)
            }
        } catch {
            StandardError.write(error.text)
            return error.status
        }
    }

    private static func run(_ plan: DialectPlan, of call: DialectCall) throws(DialectError)
        -> Int32
    {
        let configuration = try plan.validated(for: call)
        var options = plan.options
        options.invocation = Invocation.current(CommandLine.arguments)
        options.pidFile = options.pidFile.map(FilePlace.absolute)
        if let folder = options.dialect?.folder { try prepare(folder, for: call) }
        return Supervisor.run(configuration: configuration, options: options).rawValue
    }
}

extension DialectCommand {
    private static func prepare(
        _ folder: DialectBehavior.Folder, for call: DialectCall
    ) throws(DialectError) {
        do throws(SystemError) {
            try RendezvousFolder.prepare(folder.path, mode: folder.mode, leftover: folder.leftover)
        } catch {
            throw DialectError(
                "\(call.program): cannot make \(folder.path): \(error)", status: folder.status)
        }
    }
}
