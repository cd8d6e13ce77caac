// Package erlanghosts is a strategy for the nodes of all hosts in a .hosts.erlang file, the one that net_adm:world/0 reads.
//
// The file has one host a line, as an atom with a full stop:
//
//	'db1.example.org'.
//	'db2.example.org'.   % comments begin with a percent sign
//
// It is looked for in the working directory, the home directory and the root folder of an Erlang installation, in that
// order, as OTP does; OTP looks in no other place, the XDG folders included. It is read again at an interval. One that is
// gone or has an error in it leaves the hosts as they were. The epmd of each host is asked, side by side, by package
// strategy/epmd.
//
// As in OTP a node among short names calls the others by the part of the host up to the first dot.
package erlanghosts
