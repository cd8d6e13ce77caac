// Package admin shows a running node to operators over HTTP: whether it is well, who the members are, what happens, why a
// node is not here, and counters for Prometheus. Nothing can be changed through it, and no cookie or secret is in any answer.
//
//	GET /healthz          200 while the node runs
//	GET /readyz           200 when the first discovery is over and Config.MinMembers of the node are there; 503 says what is missing
//	GET /metrics          for Prometheus
//	GET /members          who is up, and who is wanted and is not, as JSON
//	GET /events           what happens, as server-sent events; Last-Event-ID or since=ID goes on where a reader was
//	GET /explain/{node}   why a node is connected or is not, as JSON, or with format=text for people
//
// The nouns: a Server has the handlers; Start makes it listen. The pinger measures the round trip to each member at an
// interval, not when somebody asks, over connections that are there: it makes none. A stream is one reader of /events.
//
// The JSON has a member "v", which changes when something in it goes or means something else, not when something is added.
//
// Whoever can reach the Server sees names, addresses and errors. It has no passwords and no TLS: leave it on the loopback
// interface or a unix socket, or put something in front of it that has them.
package admin
