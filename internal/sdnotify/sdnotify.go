package sdnotify

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Notifier tells systemd. The zero value, and nil, do nothing. Any goroutine may use it.
type Notifier struct {
	socket   string
	watchdog time.Duration // within which systemd wants to hear of us; 0 if it does not
}

// FromEnv returns a Notifier for the environment that systemd gave this process, looked up with lookup, such as
// os.LookupEnv.
func FromEnv(lookup func(string) (string, bool)) *Notifier {
	n := &Notifier{}
	n.socket, _ = lookup("NOTIFY_SOCKET")
	if pid, ok := lookup("WATCHDOG_PID"); ok && pid != strconv.Itoa(os.Getpid()) {
		return n // the watchdog is for another process
	}
	usec, _ := lookup("WATCHDOG_USEC")
	if us, err := strconv.ParseInt(usec, 10, 64); err == nil && us > 0 {
		n.watchdog = time.Duration(us) * time.Microsecond
	}
	return n
}

// Ready says that the service has started, or has reloaded. status is shown by systemctl status.
func (n *Notifier) Ready(status string) error { return n.send("READY=1", "STATUS="+oneLine(status)) }

// Stopping says that the service ends.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1") }

// Reloading says that the service reads its configuration anew; Ready follows when that is done.
func (n *Notifier) Reloading() error {
	return n.send("RELOADING=1", "MONOTONIC_USEC="+strconv.FormatInt(monotonic().Microseconds(), 10))
}

// Status says how it is going.
func (n *Notifier) Status(status string) error { return n.send("STATUS=" + oneLine(status)) }

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

// Watch tells systemd that the service is alive, twice in the time of the unit's WatchdogSec, until ctx is done. alive is
// asked before and says so by returning true; while it does not return, or returns false, systemd hears nothing, and at the
// end of its time restarts the service. Without a watchdog Watch returns at once.
func (n *Notifier) Watch(ctx context.Context, alive func() bool) {
	if n == nil || n.socket == "" || n.watchdog == 0 {
		return
	}
	ticker := time.NewTicker(n.watchdog / 2)
	defer ticker.Stop()
	for {
		if alive() {
			_ = n.send("WATCHDOG=1") // the next one may get through
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// sendTime is how long systemd may take to take a message.
const sendTime = time.Second

func (n *Notifier) send(lines ...string) error {
	if n == nil || n.socket == "" {
		return nil
	}
	// A name that begins with @ is in the abstract namespace, which package net knows.
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	defer c.Close()
	_ = c.SetWriteDeadline(time.Now().Add(sendTime))
	if _, err := c.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	return nil
}
