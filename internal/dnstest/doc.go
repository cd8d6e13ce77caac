// Package dnstest is a DNS server for tests: a real one, on a loopback port, over UDP and TCP, that has the records it is
// given and misbehaves as it is told.
package dnstest
