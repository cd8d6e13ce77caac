// Package erlang holds the Erlang side of the integration tests: gonode_test.erl, which package beam compiles and runs on
// every node it starts. Its comments are its documentation.
package erlang

import _ "embed"

// Module is the name of the module that Source is.
const Module = "gonode_test"

// Source is the text of the module. Nobody changes it.
//
//go:embed gonode_test.erl
var Source []byte
