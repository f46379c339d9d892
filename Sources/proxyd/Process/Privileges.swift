internal import Glibc
internal import Shared

/// What the daemon gives up once everything is bound: who it is, what it sees of the files, and everything
/// else that root may.
struct Privileges {
    private let settings: PrivilegesConfiguration
    /// Whom it becomes; nil: it stays who it is.
    private let user: Accounts.User?
    private let group: UInt32?
    /// What is needed while it runs.
    private let needed: Capabilities

    /// Looks the names up, which may not be possible afterwards.
    init(
        _ settings: PrivilegesConfiguration, keeping needed: Capabilities = []
    ) throws(StartError) {
        self.settings = settings
        // What we do not have cannot be kept.
        self.needed = needed.intersection(.effective)
        user = settings.user.flatMap { Accounts.user($0) }
        if settings.user != nil, user == nil {
            throw Self.mistake("there is no user “\(settings.user ?? "")”")
        }
        do throws(ValueError) {
            group = try settings.group.map { word throws(ValueError) in
                try Principals.group(word)
            }
        } catch {
            throw Self.mistake("\(error.problem); \(error.remedy)")
        }
        if let user, user.number != geteuid(), !Capabilities.effective.contains(.changeUser) {
            throw StartError(
                code: .permission,
                message: "privileges: only root can become user \(settings.user ?? ""); "
                    + "start it as root, or leave the user out")
        }
        if let user, user.group == nil, group == nil {
            throw Self.mistake("user \(user.number) has no entry, so its group must be given")
        }
    }

    private static func mistake(_ problem: String) -> StartError {
        StartError(code: .configuration, message: "privileges: \(problem)")
    }

    /// The user that the daemon will be.
    var userNumber: UInt32 { user?.number ?? geteuid() }

    private var groupNumber: UInt32? { group ?? user?.group }

    private var kept: Capabilities {
        settings.keepsBind ? needed.union(.bindLowPorts) : needed
    }

    // MARK: Giving up

    /// Of a process whose place we take, which had given up everything before it started us: only what it kept is
    /// left to be given up, and that was kept for us, too.
    func keepGivenUp() throws(StartError) {
        guard settings.isAsked else { return }
        do throws(SystemError) {
            try kept.intersection(.effective).becomeAll()
            try Capabilities.forbidNewOnes()
        } catch {
            throw Self.failure(error, as: settings.user ?? settings.group)
        }
        if let user, user.number != geteuid() {
            throw StartError(
                code: .permission,
                message:
                    "privileges: the process before has become user \(geteuid()), and nothing else "
                    + "can be had of it: restart to become \(settings.user ?? "\(user.number)")")
        }
    }

    /// Lets the next program that we start have what we have kept.
    func passOn<Result>(
        _ start: () throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        guard settings.isAsked, !kept.isEmpty else { return try start() }
        try kept.outliveExec()
        defer { try? kept.becomeAll() }
        return try start()
    }

    /// Called when everything is bound, and before there is another thread: capabilities are each thread's
    /// own (capabilities(7)), and threads inherit them.
    func giveUp() throws(StartError) {
        guard settings.isAsked else { return }
        // Looked at afterwards, when its path may lead nowhere.
        let threads = ThreadListing()
        guard Thread.count ?? 1 == 1 else {
            throw StartError(
                code: .system,
                message: "privileges: other threads run already, and would keep theirs")
        }
        let mayLowerBounds = Capabilities.effective.contains(.lowerBounds)
        do throws(SystemError) {
            try takeSteps(lowersBounds: mayLowerBounds)
        } catch {
            throw Self.failure(error, as: settings.user ?? settings.group)
        }
        try verify(threads?.statuses() ?? [], lowersBounds: mayLowerBounds)
    }

    private func takeSteps(lowersBounds: Bool) throws(SystemError) {
        let changesUser = user.map { $0.number != geteuid() } ?? false
        // The list of groups is a file, and may not be there afterwards.
        if let group = groupNumber, changesUser || group != getegid() {
            try Credentials.setGroups(ofUser: user?.name, and: group)
        }
        if let path = settings.chroot { try Credentials.changeRoot(to: path) }
        // Who may not do that is not root, and nothing that it starts gets more than it has.
        if lowersBounds { try kept.becomeBounds() }
        if !kept.isEmpty { try Capabilities.outliveChangeOfUser() }
        if let group = groupNumber { try Credentials.become(group: group) }
        if let user { try Credentials.become(user: user.number) }
        try kept.becomeAll()
        try Capabilities.forbidNewOnes()
    }

    private static func failure(_ error: SystemError, as who: String?) -> StartError {
        let isForbidden = error.number == EPERM
        let remedy =
            isForbidden
            ? "start it as root, or take “privileges” out of the configuration"
            : "see \(error.call)(2)"
        return StartError(
            code: isForbidden ? .permission : .system,
            message:
                "privileges cannot be given up\(who.map { " for \($0)" } ?? ""): \(error); \(remedy)"
        )
    }

    /// What was given up is gone, and in every thread.
    private func verify(
        _ threads: [ThreadStatus], lowersBounds: Bool
    ) throws(StartError) {
        let isSafe = threads.allSatisfy { isAsWanted($0, lowersBounds: lowersBounds) }
        guard isSafe, userNumber == 0 || !Credentials.canBecomeRoot else {
            throw StartError(
                code: .system,
                message:
                    "privileges were given up, but something is left of them; nothing was started")
        }
    }

    /// Whether a thread has what was asked for, and no more.
    func isAsWanted(_ status: ThreadStatus, lowersBounds: Bool) -> Bool {
        let isUser = user.map { user in status.users.allSatisfy { $0 == user.number } } ?? true
        let isGroup = groupNumber.map { group in status.groups.allSatisfy { $0 == group } } ?? true
        return isUser && isGroup && status.permitted == kept && status.effective == kept
            && (!lowersBounds || status.bounds.isSubset(of: kept)) && status.inheritable.isEmpty
            && status.ambient.isEmpty && status.getsNoNewOnes
    }
}
