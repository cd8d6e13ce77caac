// Command gonode joins an Erlang cluster and looks into it.
//
//	gonode run --name go@127.0.0.1 --strategy epmd --hosts a@127.0.0.1,b@127.0.0.1
//	gonode watch a@127.0.0.1
//	gonode ping a@127.0.0.1
//	gonode names
//	gonode config show -f gonode.yaml
//	gonode discover --strategy dns -O query=app.internal
//	gonode gossip
//	gonode version
//
// Data goes to standard output, as text or with -o json as one JSON value a line; everything else goes to standard
// error. The exit codes are the constants in exit.go, and every --help lists them. Every flag but those of ping and
// watch that say who they are can be given as an environment variable: --epmd-port is GONODE_EPMD_PORT.
//
// The nouns: an app is what the commands share, the streams and the environment. A group of flags is a struct with a
// method add, for flags that several commands have. A probe is the short-lived hidden node of a command that looks at a
// cluster without becoming a member of it.
//
// Cancellation: one context, done at the first SIGINT or SIGTERM, reaches all that waits. A second signal kills.
//
// A new command is one file with a function that returns the *cobra.Command, and its line in root.go.
//
// Missing: commands that call functions on other nodes, a server for epmd, completion of node names.
package main
