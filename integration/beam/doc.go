// Package beam runs real Erlang nodes for the integration tests: several releases side by side, each node a process of
// its own that can be stopped, killed and asked anything.
//
// The nouns: a Node is one Erlang virtual machine. An EPMD is one real port mapper on a port of its own. A release is
// "23", "25", "27" or "29"; otp.sh in the folder above sets them up. A Lab is the folder they are in, plus the compiled
// helper module; Launch and LaunchEPMD are its methods, for programs. Tests use Start, StartEPMD and Releases, which take
// a TB: what fails ends the test, and what was started is killed when the test ends.
//
// A node is driven over a TCP connection that it opens to this process, not over the distribution, which is what is being
// tested, and not over its standard output, which is kept for Log. The connection is also its leash: when this process
// dies in whatever way, the node halts. An epmd has a pipe for that.
//
// A missing release is an error that says how to get it. No test is skipped for it.
package beam
