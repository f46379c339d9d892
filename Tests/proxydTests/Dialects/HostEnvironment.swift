@testable import proxyd

extension HostEnvironment {
    /// A machine with nothing on it.
    static var empty: HostEnvironment {
        HostEnvironment(
            variable: { _ in nil },
            file: { _ in .failure(Unreadable(reason: "No such file or directory")) },
            files: { _ in [] }, kind: { _ in nil },
            port: { ["http": 80, "imap": 143][$0] }, address: { _ in nil },
            absolute: { $0.hasPrefix("/") ? $0 : "/here/\($0)" }, runtimeFolder: "/run/proxyd",
            hasIPv6: true)
    }
}

extension DialectCall {
    /// The plan of a command line that is good; otherwise what was said instead.
    func plan(in hostEnvironment: HostEnvironment = .empty) throws -> DialectPlan {
        guard case .run(var plan) = try meaning(in: hostEnvironment) else {
            throw DialectError("no plan", status: -1)
        }
        plan.configuration = try plan.validated(for: self)
        return plan
    }

    /// What it says on standard error and ends with; nil when it is good.
    func refusal(in hostEnvironment: HostEnvironment = .empty) -> DialectError? {
        do {
            _ = try plan(in: hostEnvironment)
            return nil
        } catch {
            return error as? DialectError
        }
    }

    /// What it runs and what its translation runs are the same.
    func translationIsSame(in hostEnvironment: HostEnvironment = .empty) throws -> Bool {
        let plan = try plan(in: hostEnvironment)
        let text = plan.yaml(for: self)
        return try ConfigurationFile.parse(text, name: "translated") == plan.configuration
    }
}
