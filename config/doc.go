// Package config reads what a node is to do from a YAML file, the environment and flags, and makes the node.Config and the
// topologies of it. It knows every strategy there is by name; package node and the strategies know nothing of it.
//
// The nouns: a Layer is what one place says: Load and Parse read a file, FromEnv the variables of libcluster, Given what
// flags and other variables say. Merge lays them on top of each other, the last wins, checks all of it, and returns a Config.
// A Topology is a strategy with its options. An Origin is where a value stands. An Error names it, what is wrong, and what
// would do; Errors are all that were found. A Setting is one value for people, with its Origin; secrets are not in it.
//
// A Config is a value: nothing of it changes, and reading the file again makes another one. Config.Changes says what of the
// difference can be put into force while the node runs, and what can't.
//
// Every key is an option: a name, the field it is read into, and how. A section of the file is a function that returns its
// options; sections of their own, for HTTP say, are one more file with such a function, and its line in Config.options.
// A strategy is one file with its options, and its line in kinds.
package config
