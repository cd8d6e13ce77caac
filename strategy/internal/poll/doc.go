// Package poll is the loop of the strategies that ask something again and again: a file, a program, a server.
//
// A Loop asks, sends a set after every answer, and waits. What can't be asked keeps the nodes it had: their set goes out
// again, with the error as its Partial. The log hears of trouble when it begins, changes and ends, not every time.
package poll
