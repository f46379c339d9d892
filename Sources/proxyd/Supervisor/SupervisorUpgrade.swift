internal import Glibc
internal import Shared

/// What an upgrade needs of the old process.
extension Supervisor: UpgradeHost {
    var isEnding: Bool { drainage.isUnderWay || core.isStopping }

    var hasServiceManager: Bool { manager != nil }

    var hasControlConnections: Bool { control.connectionCount > 0 }

    func handoverOffer() -> HandoverOffer {
        var offer = HandoverOffer(revision: .own)
        offer.process = getpid()
        offer.epoch = identity.epoch
        offer.started = identity.started
        offer.upgrades = identity.upgrades
        offer.configuration = ConfigurationText.yaml(configuration)
        offer.hasGivenUpPrivileges = configuration.privileges.isAsked
        offer.watchdog = manager?.watchdogNanoseconds ?? 0
        offer.keepsState = state.isKept
        offer.lastSerial = live.serials.last
        offer.descriptors = listeners.inherited.handed(
            core.sockets, of: topology, control: control.listening.map { ($0, control.path) },
            metrics: metrics.scrapes.map { scrapes in
                let asked = configuration.metrics.listen?.endpoint ?? scrapes.endpoint
                return (scrapes.socket, asked, scrapes.endpoint)
            })
        if let lock = control.lock { offer.add(.controlLock, lock.number) }
        if let pidFile { offer.add(.pidFile, pidFile.number) }
        if let manager { offer.add(.notices, manager.number) }
        return offer
    }

    func addState(to encoder: inout HandoverEncoder) {
        for entry in expiring.entries {
            encoder.addExpiring(due: entry.due, serials: entry.removal.serialsInUse)
        }
        encoder.addShedding(Array(shedder.queue))
    }

    func watchUpgrade(_ number: CInt) throws(SystemError) {
        try poller.add(number, Token(.upgrade), .readable)
    }

    func unwatchUpgrade(_ number: CInt) { poller.remove(number) }

    func announceMainProcess(_ process: pid_t) { manager?.notifyMainProcess(process) }

    func detach() {
        keepLastingTimed()
        elections.stop()
        prober.stop()
        names.end()
        live.setSockets([])
        listeners.inherited.forgetAll()
        pidFile?.giveAway()
        metrics.stop()
        manager = nil
        state.stop()
        expiring.removeAll()
        shedder.removeAll()
        // Whatever this process answered from now on would be out of date, and what it changed would be lost.
        control.retire(poller: poller)
    }
}
