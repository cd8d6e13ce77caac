// Command gonode joins an Erlang cluster and looks into it.
//
//	gonode run --name go@127.0.0.1 --strategy epmd --hosts a@127.0.0.1,b@127.0.0.1
//	gonode watch a@127.0.0.1
//	gonode ping a@127.0.0.1
//	gonode call a@127.0.0.1 lists seq '[1, 3]'
//	gonode doctor a@127.0.0.1 b@127.0.0.1
//	gonode config show -f gonode.yaml
//	gonode discover --strategy dns -O query=app.internal
//
// docs/commands.md has them all. Data goes to standard output, in the form that -o asks for; everything else goes to
// standard error. The exit codes are the constants in exit.go, and every --help lists them. Every flag but --name of the
// commands that ask others can be given as an environment variable: --epmd-port is GONODE_EPMD_PORT.
//
// The nouns: an app is what the commands share, the streams and the environment. A group of flags is a struct with a
// method add, for flags that several commands have. A probe is the short-lived hidden node of a command that looks at a
// cluster without becoming a member of it. A line is a value as it is printed, a struct with the names of the JSON; its
// view says how it looks to people. A daemon is a gonode run that answers over HTTP.
//
// Cancellation: one context, done at the first SIGINT or SIGTERM, reaches all that waits. A second signal kills.
//
// A new command is one file with a function that returns the *cobra.Command, its line in root.go, and docs/commands.md
// made anew (go test -run TestReference -update). What it does that is no matter of flags and output belongs into a package
// under internal.
package main
