// Package remote asks a node of the BEAM about itself and its cluster, by calls of its own functions (erpc). It runs
// nothing there but what OTP has; expressions go through its erl_scan, erl_parse and erl_eval.
//
// The nouns: a Target is the node that is asked, through a node of ours. An Expr is an expression that the target has
// parsed, to be evaluated there any number of times. A Console prints what evaluated code writes to its group leader.
//
// Every function waits within its context and no longer. A node that is not of the BEAM answers what it exports, a Go node
// nodes/0 and little more; the rest is an error that wraps node.ErrUndef.
package remote
