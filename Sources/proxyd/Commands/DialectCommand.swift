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
            case .rehearse(let plan, let text):
                try rehearse(plan, of: call)
                StandardOutput.write(text)
                return 0
            case .run(let plan):
                return try run(plan, of: call)
            }
        } catch {
            StandardError.write(error.text)
            return error.status
        }
    }

    private static func rehearse(
        _ plan: DialectPlan, of call: DialectCall
    ) throws(DialectError) {
        let configuration = try plan.validated(for: call)
        do throws(StartError) {
            try StartRehearsal.check(configuration, plan.options)
        } catch {
            throw DialectError(
                "\(call.program): \(error.message)", status: plan.options.status(of: error).rawValue
            )
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
        let status = Supervisor.run(configuration: configuration, options: options)
        if options.dialect?.endsBySignal ?? false, let signal = status.signal {
            DefaultSignal.end(by: signal)
        }
        return status.rawValue
    }
}

extension DialectCommand {
    private static func prepare(
        _ folder: DialectBehavior.Folder, for call: DialectCall
    ) throws(DialectError) {
        do throws(SystemError) {
            try RendezvousFolder.prepare(folder.path, mode: folder.mode, leftover: folder.leftover)
        } catch {
            throw DialectError(folder.complaint, status: folder.status)
        }
    }
}
