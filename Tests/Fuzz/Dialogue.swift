/// Whole conversations on the control socket.
typealias Target = DialogueChecks
