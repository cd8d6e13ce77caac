// Package events tells who joined and who left the cluster: Go subscribers through a Hub, processes in Erlang through a
// Server.
//
// The nouns: an Event is a value of one of a few types. The Hub takes events from the node, gives them one order, and
// knows the members, which are the nodes that are up. A Subscription is one reader's view: first the members, marked
// Initial, then Synced, then what happens. A subscription ends with the context it was made with, with Close, or with
// the hub; Err tells which.
//
// A slow reader holds nobody up. When its buffer is full, what waits in it is coalesced: the reader is told how many
// events it missed (Skipped) and then gets the last state of each node.
//
// Server is an Ergo actor at which processes subscribe with messages and gen_server calls, as libcluster 1.0 had it; the
// formats are those of ParseMessage and ParseCall. NewForwarder makes a process that gives it a further name.
//
// What discovery decides comes as a Decision, to subscriptions made with the option Discovery.
//
// The hub remembers what happened lately. A reader that was away goes on where it was with the option Since.
//
// Not here yet: filters.
package events
