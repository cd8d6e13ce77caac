package gossip

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// lookups are answers of a DNS, by name; an empty one is that there is no such name.
type lookups struct {
	mu      sync.Mutex
	answers map[string]string
}

func (l *lookups) set(host, answer string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[host] = answer
}

func (l *lookups) lookup(_ context.Context, _, host string) ([]netip.Addr, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.answers[host]
	if text == "" {
		return nil, errors.New("no such host")
	}
	var addrs []netip.Addr
	for _, word := range strings.Fields(text) {
		addrs = append(addrs, netip.MustParseAddr(word))
	}
	return addrs, nil
}

func TestParseSeed(t *testing.T) {
	for text, want := range map[string]seed{
		"app":            {host: "app", port: 1},
		" app.example ":  {host: "app.example", port: 1},
		"app:2":          {host: "app", port: 2},
		"10.0.0.1":       {host: "10.0.0.1", port: 1, addr: netip.MustParseAddr("10.0.0.1")},
		"10.0.0.1:2":     {host: "10.0.0.1", port: 2, addr: netip.MustParseAddr("10.0.0.1")},
		"fd00::1":        {host: "fd00::1", port: 1, addr: netip.MustParseAddr("fd00::1")},
		"[fd00::1]:2":    {host: "fd00::1", port: 2, addr: netip.MustParseAddr("fd00::1")},
		"::ffff:1.2.3.4": {host: "::ffff:1.2.3.4", port: 1, addr: netip.MustParseAddr("1.2.3.4")},
	} {
		got, err := parseSeed(text, 1)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
}
