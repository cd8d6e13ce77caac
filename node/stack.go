package node

import (
	"runtime"
	"runtime/metrics"
)

// How deep some goroutines of a node wait: a node's engine, and the receive loop of each connection.
//
// Go begins a goroutine with as much stack as goroutines use on average, as the collector finds it (since Go 1.19). Ergo
// begins one for each message that finds its actor idle, and to send something takes an actor 4.6 KiB deep, or deeper, and Go
// wants a kilobyte below that. But most goroutines of a node wait where they use next to nothing, so all would begin with
// 2 KiB, and the stack would be copied twice for each message that is answered: that was 12% of the CPU in round trips. With
// these the average says 8 KiB, as long as the goroutines of a node are most of the program's; where there are many others
// they make no difference.
type (
	engineDepth [64 << 10]byte
	linkDepth   [8 << 10]byte
)

// deep calls f with a whole D below it on the stack.
//
//go:noinline
func deep[D engineDepth | linkDepth](f func()) {
	var room D
	f()
	runtime.KeepAlive(&room)
}

// suitedStack is with how much stack a goroutine is to begin, and smallHeap what may be collected for that.
const (
	suitedStack = 8 << 10
	smallHeap   = 16 << 20
)

// suitStacks has the collector find the average anew if it is too low: a small program may do without a collection for two
// minutes. A program that has much memory waits for its own. It is called from deep.
func suitStacks() {
	s := []metrics.Sample{{Name: "/gc/stack/starting-size:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	if s[0].Value.Uint64() < suitedStack && s[1].Value.Uint64() < smallHeap {
		runtime.GC()
	}
}
