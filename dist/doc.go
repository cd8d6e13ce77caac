// Package dist speaks the Erlang distribution protocol: the handshake with another node, and then one live link to it.
//
// The nouns:
//
//   - Initiator and Acceptor are the two roles of a handshake; a Result is what it agreed on.
//   - Conn is one link after the handshake. Serve is its receive loop; Send and Post queue signals, which are
//     written in order, all that has gathered in one system call; Close and Abort end it.
//   - Signal is one control message with its payload: a message, an exit, a link, a monitor, a spawn request and so on.
//   - Flags is what a node can do; which operation stands for a signal, and how frames look, depends on what both can.
//
// Cancellation: a context given to a handshake ends it. The one given to Send governs waiting for room, never a frame
// that is half written. A Conn ends by Close, Abort, an error of the handler or what the network and the peer do;
// whatever was first is the cause that Serve, Err and all later sends return, a *LinkError, for which Reason has Erlang's
// word. A peer that breaks the protocol loses the link, as it would with OTP, and the *FrameError says where in the
// frame.
//
// Pace: the receive loop and, for single messages, a sender write without waiting; the rest is left to the write loop. How
// eagerly the receive loop reads depends on what comes: see pace.go.
//
// Memory: every length that the peer announces is checked against a limit of Config before anything is allocated for
// it. Frames grow with their bytes; a message in fragments takes up to 2 MiB ahead of them. The bytes that wait to be written are bounded for Send, which waits, and for Post,
// which gives the link up.
//
// Missing: distribution over anything but a stream of bytes, the atom caches of before R13 and sequential tracing
// beyond handing tokens on. The relations between processes (what is linked, who monitors whom) are the business of the
// user of a Conn, and so is which peer to connect to.
//
// The protocol is described in "Distribution Protocol" and "External Term Format" of the ERTS user's guide.
package dist
