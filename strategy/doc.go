// Package strategy says which nodes ought to be connected, and sees to it that they are.
//
// The nouns: a Strategy is a source of node names; it sends the full set whenever it changes. A Source is a strategy with
// a name. The Engine runs the sources and wants the union of their sets; it dials what is wanted and not connected, many
// at once, each peer with a back-off of its own, for as long as it is wanted. A Connector makes the connections, a
// Disconnector ends those that Prune says. Status tells where the engine is with each node, SourceStatus with each source.
// Each Decision is logged, counted in Stats, handed to an observer and kept for a while, so that Engine.Explain can say why
// a node is here or is not.
//
// Strategies, dials and the engine end with the context of Engine.Run. An error of a strategy takes no node away: the
// last set it sent stays in force, and it is started again. An answer in part adds nodes and takes none away. An answer that
// is empty or has less than half of the nodes is suspect: it is believed when it is repeated, or has stood for a while; see
// Knobs. Who is connected stays connected, unless Config.Prune says otherwise.
//
// The folders below hold one strategy each. A strategy of your own is a Go value with a Run method.
package strategy
