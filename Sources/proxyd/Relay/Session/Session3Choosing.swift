internal import Shared

/// 3. Choosing: a slot of the service's and a channel, or a place in the service's queue.
extension Session {
    mutating func choose(on worker: Worker) -> SessionLife.Action {
        let view = serviceView
        attempts.electionRevision = view.electionRevision
        if attempts.areOver(view) { return life.handle(.noChannelFound) }
        if isNewcomer, service.isInDemand(by: group) {
            // Those who wait for the same go first.
            if view.limits.overload == .queue { return .overload(.overload) }
            if case .hold = listenerView.settings.whenEmpty { return .whenEmpty }
        }
        if !holdings.hasServiceSlot {
            guard holdings.acquireServiceSlot(service) else {
                attempts.lacksServiceSlot = true
                return .overload(.overload)
            }
            attempts.lacksServiceSlot = false
            if service.hasBecomeFull() { worker.share.notices.post(.serviceFull(service)) }
        }
        guard
            let channel = service.choose(
                for: clientKey(view), excluding: attempts.tried, now: worker.now, in: group,
                isNewcomer: isNewcomer, on: worker.index)
        else {
            let isFull =
                attempts.tried.isEmpty
                && service.isUsable(now: worker.now, in: group, on: worker.index)
            if isFull, view.limits.overload == .queue { return .overload(.overload) }
            return life.handle(.noChannelFound)
        }
        holdings.keep(channel)
        _ = life.handle(.channelChosen)
        leaveQueue()
        if isTraced { trace(.chose(channel), on: worker) }
        return connect(to: channel, on: worker)
    }

    /// It has neither waited nor been refused.
    private var isNewcomer: Bool { wait == nil && life.failures == 0 }

    /// What policies may know of the client; the address that it connected to costs a system call.
    private mutating func clientKey(_ view: ServiceView) -> ClientKey {
        let destination = view.asksForDestination ? clientDestination : nil
        return ClientKey(
            source: client, destination: destination ?? listener.endpoint,
            serverName: header?.details.serverName)
    }

    /// The address that the client connected to; of one behind a proxy, that proxy's.
    var clientDestination: Endpoint? {
        header?.addresses?.destination ?? Socket.localEndpoint(clientSocket)
    }

    // MARK: No channel, or no room

    mutating func whenEmpty(on worker: Worker) -> SessionLife.Action {
        if serviceView.isElecting { return enqueue(untilElected, on: worker) }
        // An election was decided between the choice and this look.
        if serviceView.electionRevision != attempts.electionRevision { return .choose }
        switch listenerView.settings.whenEmpty {
        case .close, .refuse:
            return life.handle(.gaveUp(resetting: .neither))
        case .reset:
            return life.handle(.gaveUp(resetting: .client))
        case .hold(let duration):
            let until = started.advanced(by: duration)
            return enqueue(Wait(until: until, isForRoom: false), on: worker)
        }
    }

    /// Until the election is over, which wakes the queue; at most as long as the listener holds.
    private var untilElected: Wait {
        var longest = Self.longestElection
        if case .hold(let duration) = listenerView.settings.whenEmpty { longest = duration }
        return Wait(until: started.advanced(by: longest), isForRoom: false)
    }

    /// Checks and triggers have limits of their own; this one is for configurations without any that matter.
    private static var longestElection: Duration { .seconds(3600) }

    mutating func overload(
        _ cause: EndReason.Cause, on worker: Worker
    ) -> SessionLife.Action {
        switch serviceView.limits.overload {
        case .close, .reset, .refuse:
            return life.handle(.rejected(cause, resetting: serviceView.limits.overload.resets))
        case .queue:
            let until = started.advanced(by: serviceView.limits.queueTimeout)
            return enqueue(Wait(until: until, isForRoom: true), on: worker)
        }
    }

    // MARK: The queue

    /// Standing in the service's queue.
    struct Wait {
        var until: Instant
        /// For room (`overload: queue`), not for a channel to become usable (`hold`).
        var isForRoom: Bool
    }

    /// What it waits for. A newcomer that others go before has not tried to get a slot of the service's.
    private var lane: WaitQueue.Lane {
        let isHeldUp = service.queue.hasWaiters { $0 == .service } && !holdings.hasServiceSlot
        if attempts.lacksServiceSlot || isHeldUp { return .service }
        return group.map { .group($0.serial) } ?? .anyGroup
    }

    /// Goes to the end of its lane of the service's queue, or stays where it is after having been woken in vain.
    mutating func enqueue(_ wait: Wait, on worker: Worker) -> SessionLife.Action {
        guard wait.until > worker.now else { return life.handle(wait.timedOut) }
        let lane = lane
        if holdings.lane != lane {
            let waiter = WaitQueue.Waiter(worker: worker.index, token: token(.client))
            guard holdings.acquireQueuePlace(of: service, for: waiter, in: lane) else {
                return life.handle(.rejected(.queueFull, resetting: .neither))
            }
            if self.wait == nil, isTraced { trace(.waits(forRoom: wait.isForRoom), on: worker) }
            // What came free while it was joining has woken no one.
            worker.share.wakeNext(of: service)
        }
        self.wait = wait
        worker.deadlines.schedule(slot: slot, at: nextLook(wait))
        return life.handle(.queued)
    }

    func nextLook(_ wait: Wait) -> Instant { min(wait.until, retryAt ?? wait.until) }

    /// When channels that refused it may be tried again, whatever wakes it: a client that waits must not
    /// knock at a closed door without end.
    private var retryAt: Instant? {
        attempts.failures == 0 && attempts.tried.isEmpty
            ? nil : attempts.failedAt.advanced(by: Self.retryInterval)
    }

    private static var retryInterval: Duration { .seconds(1) }

    mutating func waitTimedOut(on worker: Worker) {
        guard let wait else { return }
        if wait.until > worker.now { return chooseAgain(on: worker) }
        perform(life.handle(wait.timedOut), on: worker)
    }

    /// It was woken: there may be room, or a usable channel. If so, so there may be for the next.
    mutating func chooseAgain(on worker: Worker) {
        guard life.phase == .holding else { return }
        if let retryAt, retryAt <= worker.now { attempts.forgetFailures() }
        perform(.choose, on: worker)
        if life.phase != .holding { worker.share.wakeNext(of: service) }
    }

    private mutating func leaveQueue() {
        wait = nil
        holdings.releaseQueuePlace()
    }
}

extension Session.Wait {
    fileprivate var timedOut: SessionLife.Event {
        isForRoom ? .queueTimedOut : .gaveUp(resetting: .neither)
    }
}
