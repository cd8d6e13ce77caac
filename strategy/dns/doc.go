// Package dns is a strategy for nodes that are found by their hosts in the DNS.
//
// The nouns: a Query is a name that is asked for, and what makes node names of the records that come. A Strategy asks
// its queries side by side, again and again. It asks a Resolver for one kind of record of one name; a Client is the Resolver
// that speaks to the servers of resolv.conf, or to others. Kubernetes makes the queries for a headless service.
//
// An address record makes basename@address, a service record basename@target. The port of a service record can say where
// the node listens, so that no epmd is needed.
//
// # What the DNS says, and what it does not
//
// An empty answer is an answer: the name is there and has no such records. A name that does not exist, a server that fails,
// refuses or says nothing, an answer that is cut off or makes no sense are none: the query keeps the nodes it had and the
// set is partial, with an *Error for each. Nobody can tell that a server knows only five of fifteen nodes; to doubt an answer
// that is much smaller than the last is the business of the engine.
//
// The time to live of the records says when to ask again, within bounds, since before that a cache would give the same
// answer.
package dns
