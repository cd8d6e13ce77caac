// Package kubernetes holds the tests of strategy/kubernetes against a real API server, and with real Erlang nodes in what
// passes for a pod network. build.sh builds the API server and etcd from their Go modules, which are pinned in server/go.mod,
// a module of its own so that they are no business of gonode's; bump.sh moves to another release. Package controlplane runs
// them, kcp by hand.
//
// The tests run in network and mount namespaces of their own: the API server refuses endpoints on the loopback interface, and
// a pod finds its token at a fixed path.
package kubernetes
