package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// onHangup calls f at each SIGHUP until ctx is done. The function that it returns waits for the end.
func onHangup(ctx context.Context, f func()) (wait func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	done := make(chan struct{})
	go func() { // ends with ctx
		defer close(done)
		defer signal.Stop(hangups)
		for {
			select {
			case <-hangups:
				f()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { <-done }
}
