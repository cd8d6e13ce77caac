package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// usage is what the process has used.
type usage struct {
	resident, heap int64 // bytes
	cpu            time.Duration
	switches       int64 // times that one of its threads woke after it had waited
}

func now() usage {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // of oneself it can't fail
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{
		resident: resident(),
		heap:     int64(m.HeapAlloc),
		cpu:      time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		switches: r.Nvcsw,
	}
}

// resident reads the second field of statm, in pages.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(b)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}
