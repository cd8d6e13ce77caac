// Package epmd is a strategy for nodes that are known by name, and for hosts whose nodes are not: their epmd is asked.
//
// A Strategy is a value to put into strategy.Config. With Nodes only it has no more to say after its first set; with
// Hosts it asks all of them at once, again and again, until the context of Run is done. A host that does not answer keeps
// the nodes it had, and makes the set partial.
//
// Package erlanghosts takes the hosts from a file, package localepmd asks this host.
package epmd
