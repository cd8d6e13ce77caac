//go:build !linux

package main

import (
	"runtime"
	"time"
)

// usage is what the process has used. Off Linux only the heap is known.
type usage struct {
	resident, heap int64
	cpu            time.Duration
	switches       int64
}

func now() usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{heap: int64(m.HeapAlloc)}
}
