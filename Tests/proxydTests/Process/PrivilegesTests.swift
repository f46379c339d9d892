import Testing

@testable import proxyd

@Suite("Privileges, given up")
struct PrivilegesTests {
    private static let clean = """
        Name:\tproxyd
        Uid:\t4000\t4000\t4000\t4000
        Gid:\t4001\t4001\t4001\t4001
        Groups:\t4001
        CapInh:\t0000000000000000
        CapPrm:\t0000000000000000
        CapEff:\t0000000000000000
        CapBnd:\t0000000000000400
        CapAmb:\t0000000000000000
        NoNewPrivs:\t1
        """

    @Test("a thread's status is read as the kernel writes it")
    func status() {
        let status = ThreadStatus(Self.clean)
        #expect(status.users == [4000, 4000, 4000, 4000])
        #expect(status.groups == [4001, 4001, 4001, 4001])
        #expect(status.effective.isEmpty && status.getsNoNewOnes)
        #expect(status.bounds.contains(.bindLowPorts))
    }

    @Test(
        "whatever is left of them is seen",
        arguments: [
            ("", "", true),
            ("Uid:\t4000\t4000\t4000", "Uid:\t4000\t4000\t0", false),
            ("Gid:\t4001\t4001", "Gid:\t4001\t0", false),
            ("CapPrm:\t0000000000000000", "CapPrm:\t0000000000000001", false),
            ("CapEff:\t0000000000000000", "CapEff:\t0000000000000400", false),
            ("CapInh:\t0000000000000000", "CapInh:\t0000000000000400", false),
            ("CapAmb:\t0000000000000000", "CapAmb:\t0000000000000400", false),
            ("NoNewPrivs:\t1", "NoNewPrivs:\t0", false),
        ])
    func verified(old: String, new: String, isWanted: Bool) throws {
        guard Capabilities.effective.contains(.changeUser) else { return }
        let privileges = try Privileges(PrivilegesConfiguration(user: "4000", group: "4001"))
        let text = old.isEmpty ? Self.clean : Self.clean.replacing(old, with: new)
        // The bounds of the clean one are those of a daemon that keeps the capability.
        #expect(privileges.isAsWanted(ThreadStatus(text), lowersBounds: false) == isWanted)
        #expect(!privileges.isAsWanted(ThreadStatus(text), lowersBounds: true))
    }

    @Test("a port's capability is kept when it is asked for, and only that")
    func kept() throws {
        let privileges = try Privileges(PrivilegesConfiguration(keepsBind: true))
        var status = ThreadStatus(Self.clean)
        #expect(!privileges.isAsWanted(status, lowersBounds: true))
        status.permitted = .bindLowPorts
        status.effective = .bindLowPorts
        #expect(privileges.isAsWanted(status, lowersBounds: true))
        status.effective.insert(.lowerBounds)
        #expect(!privileges.isAsWanted(status, lowersBounds: true))
    }

    @Test("who has no entry in the list of users needs a group")
    func unlisted() {
        let error = #expect(throws: StartError.self) {
            _ = try Privileges(PrivilegesConfiguration(user: "3999999"))
        }
        let words = ["its group must be given", "only root can become user 3999999"]
        #expect(words.contains { error?.message.contains($0) ?? false })
    }
}
