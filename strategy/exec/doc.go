// Package exec is a strategy for nodes that a program prints: the way to ask a source that no package here knows, in any
// language.
//
// The program is run at an interval, from an argument vector, without a shell. Its standard output is a list as package
// nodelist reads it: one node a line, or JSON. It has a limit of time and of output; what exceeds them is killed, with all
// that it has started. A program that fails, by its exit status too, keeps the nodes it named last, and the error has what
// it wrote to standard error.
package exec
