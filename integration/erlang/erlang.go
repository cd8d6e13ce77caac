// Package erlang holds the Erlang side of the integration tests, which package beam compiles and puts on the path of every
// node it starts: gonode_test.erl, the loop that evaluates, with helpers for all tests; gonode_load.erl, gonode_terms.erl,
// gonode_relations.erl and gonode_operations.erl, what the tests of the guarantees need; gonode_gossip.erl, gossip as libcluster
// does it. The comments in them are their documentation.
package erlang

import "embed"

// Module is the name of the module that every node runs; it is among Sources.
const Module = "gonode_test"

// Sources are the texts of the modules, one file each. Nobody changes them.
//
//go:embed *.erl
var Sources embed.FS
