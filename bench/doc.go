// Command bench measures a Go node beside a BEAM and a C node, in one run on one machine:
//
//	go run ./bench            # or make bench; some minutes
//	go run ./bench -h
//
// A driver, which is a BEAM, does the same workloads with a BEAM, a C node on libei and a Go node; a Go driver does them
// with another Go node. One after the other, so that they do not disturb one another, and in turn, so that what else the
// machine does hits all of them. Every round has fresh processes. The figures are medians of the rounds, and ratios to the
// BEAM's; the range of the ratios of single rounds says how far to trust them. Then the codec is measured beside
// term_to_binary and binary_to_term.
//
// It needs Erlang (integration/otp.sh sets it up), a C compiler and Linux. docs/performance.md has results and what they mean.
package main
