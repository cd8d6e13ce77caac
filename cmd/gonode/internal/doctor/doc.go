// Package doctor finds out why two nodes do not meet.
//
// The nouns: a Finding is one thing that was looked at, with what was seen, and what to do if it is not as it should be; its
// Cause is a word that does not change, for programs. A Doctor is who looks: this host, and how it would appear to the
// others. Host looks at this host, Path at the way to a node up to and with the handshake, Cluster at a node that can be
// reached and at all that it is connected to.
//
// All of it waits within its context. Nothing is changed anywhere; the nodes see a hidden node that comes and goes.
package doctor
