// Package events tells Go and Erlang subscribers who joins and who leaves.
//
// A Hub has one order, in which every subscriber sees things: a node is up before anything that comes from it, and down
// after everything that came from it; up again only after down. The node publishes, and never waits for a reader.
//
// In Go, Hub.Subscribe gives a Subscription: first who is up already, marked Initial, then Synced, then what happens.
// A reader that falls behind does not lose the last state of any node; what it missed is told by Skipped. Cancel the
// context or Close the subscription to end it.
//
// In Erlang, processes subscribe at a Server, an Ergo process with a registered name, with the messages and calls that
// ParseMessage and ParseCall read.
//
// Not here yet: events about discovery and failed attempts, filters, replay from a sequence number.
package events
