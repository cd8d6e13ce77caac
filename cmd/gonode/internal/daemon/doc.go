// Package daemon asks a running gonode run over its HTTP, by TCP or by a unix socket: for the members, for an explanation,
// and for what happens.
//
// The nouns: an Address says where it listens, a Client asks there, and a Stream is one connection to /events. What the
// answers look like is the matter of packages admin and eventjson.
//
// The other end is not trusted to be one of ours: what it says is read up to a limit, and within a time.
package daemon
