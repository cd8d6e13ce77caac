// Package epmd is Erlang's port mapper: a client, a server that can stand in for epmd, and a keeper that holds a node's
// name in whichever of the two runs. The protocol is in "Distribution Protocol" of the ERTS User's Guide, section
// "EPMD Protocol", and epmd(1).
//
// The nouns:
//   - Node is what epmd knows of a node: its name before the @, and the port of its distribution listener.
//   - Client asks an epmd: Lookup, Names, Dump, and the commands Kill and Stop.
//   - Registration is a name in epmd. It lives as long as its connection; there is no other way to give it up.
//   - Keeper has a Registration and gets it again when it is lost, from the epmd that runs or, in modes Auto and
//     Embedded, from a Server of its own.
//   - Server answers as epmd does. Registrations and commands are taken from its own host only, which is the only access
//     control that epmd has. Anyone may ask for a port or for the names.
//
// A context bounds how long a request waits, for Keep only the first registration. Server.Serve ends with its context,
// Keeper with Close; both wait for their goroutines.
//
// Where the server differs from epmd: it refuses names with white space or control characters, and requests with bytes
// left over; it closes the connection after it refused a registration; the number of connections and of nodes is bounded
// on its own account; and DUMP gives the number of a connection where epmd has its file descriptor. A Server in a Keeper
// refuses KILL.
//
// Missing: systemd's socket activation, and the environment: ERL_EPMD_PORT, ERL_EPMD_ADDRESS and
// ERL_EPMD_RELAXED_COMMAND_CHECK are for the caller to read.
package epmd
