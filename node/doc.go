// Package node runs a node of an Erlang cluster. It puts the parts together: Ergo for processes, dist for connections,
// epmd to be found, kernel for what OTP expects of every node, events for who comes and goes, strategy for whom to
// connect to.
//
// A Node is started with Start and ended with Shutdown; the context of Start bounds the start only. The processes on it
// are Ergo actors, spawned on Node.Runtime. What they send to a pid or a name on another node goes out over the one
// connection to that node, which is made when it is first needed; what comes in is in their mailbox in the order in
// which it was sent.
//
// The nouns: a peer is another node, known by its name. A flight is one attempt to connect to it, shared by all who want
// it. A link is one live connection. A session is what Ergo takes for its connection to a peer. The peer table decides
// who dials and who yields. Everything that waits does so within a context, or until the connection it waits for ends.
//
// Not here yet: TLS, and links and monitors that Ergo's own calls (Process.LinkPID, MonitorPID) place in the name of the
// process: they speak for the node. Node.Link and Node.Monitor speak for the process.
package node
