// Package gossip is a strategy for nodes that tell each other of themselves with small UDP packets: by multicast, by
// broadcast, or to addresses that are given. It hears and is heard by libcluster's Gossip strategy and its forks.
//
// The nouns: a Strategy is a value to put into strategy.Config; it sends a heartbeat now and then, and wants the nodes it
// hears. A Packet is one datagram, decoded. It is in one of two frames. The compatible frame is libcluster's: plain, or
// encrypted with a secret but not authenticated. The authenticated frame is ours: AES-256-GCM under a Key, with a time
// stamp. Frames says which of them a node speaks; with both, a cluster changes over node by node. A Drop is why a packet
// was not taken, and each is counted.
//
// Run ends with its context: it says goodbye, so that others need not wait until the node has aged out, closes its
// sockets and waits for its goroutines. Listen does no more than show what is on the wire.
//
// A packet from the wire costs a bounded time and no memory that lasts: sources are limited in rate, lengths are checked
// before anything is copied, and names are kept up to a limit for all and for each source.
//
// Not here: names learned from others than the node itself. Who is heard is connected, and connected nodes introduce
// their peers.
package gossip
