// Package localepmd is a strategy for all nodes of this host: those that its epmd knows, asked again and again.
//
// An epmd that is not there, not yet or not any more, keeps the nodes it had. One that comes back knows nobody at first:
// nodes of most releases register again within seconds, those of OTP 23 never do. So an empty answer right after the
// return of epmd is a partial one.
package localepmd
