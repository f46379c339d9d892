internal import Shared

/// Everything that can happen to the screen.
enum Message: Sendable {
    case key(Key)
    /// The connection is there.
    case connected
    /// It could not be made, or it ended; the reason is in words.
    case disconnected(reason: String)
    case reply(Reply)
    /// What came is not our protocol.
    case garbled(String)
    case resized(Size)
    /// The frame that shows the present state is on the terminal.
    case painted
    /// A question of a report.
    case ask(Request)
    /// What was recorded, when its time has come.
    case recorded([ReplayBuffer.Entry], isLast: Bool)
    /// The recording cannot be written any more.
    case recordingFailed(String)
    /// What became of a file that was to be written; nil: it is there.
    case written(path: String, fault: String?)
    /// Nothing but time has passed.
    case tick
}

/// What the world has to do about it.
enum Effect: Equatable, Sendable {
    case connect
    case disconnect
    case send([Request])
    case repaint
    /// A text for the operator's clipboard.
    case copy(String)
    case suspend
    case bell
    /// An answer for the file that everything is written to.
    case record(ReplayBuffer.Entry)
    /// A file to be written, readable by its owner only.
    case write(path: String, text: String)
    /// A line for the history of the command line.
    case remember(String)
    /// A view to come back to in another run, and one to be dropped.
    case keepView(SavedView), forgetView(String)
    /// Back to all the daemons.
    case leave
    case quit(ExitStatus, message: String?)
}

/// What the program says to the shell.
enum ExitStatus: Int32, Sendable {
    case good = 0, usage = 1, noConnection = 2, notPermitted = 3, wrongProtocol = 4
}
