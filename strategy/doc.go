// Package strategy says which nodes ought to be connected, and sees to it that they are.
//
// The nouns: a Strategy is a source of node names; it sends the full set whenever it changes. A Source is a strategy with
// a name. The Engine runs the sources and wants the union of their sets; it dials what is wanted and not connected, many
// at once, each peer with a back-off of its own, for as long as it is wanted. A Connector makes the connections. Status
// tells where the engine is with each node.
//
// Strategies, dials and the engine end with the context of Engine.Run. An error of a strategy takes no node away: the
// last set it sent stays in force, and it is started again.
//
// The folders below hold one strategy each. A strategy of your own is a Go value with a Run method.
//
// Not here yet: disconnecting nodes that nobody wants any more, and waiting for a minimal size of the cluster.
package strategy
