package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestMeasure: Go nodes by themselves, one of them as epmd, form a mesh by gossip; the table has a figure for all.
func TestMeasure(t *testing.T) {
	var out bytes.Buffer
	o := options{nodes: 6, interval: 200 * time.Millisecond, idle: 300 * time.Millisecond, limit: 30 * time.Second, keys: true}
	require.NoError(t, measure(t.Context(), o, &out))
	require.Regexp(t, `full mesh after \| [0-9.]+ s`, out.String())
	require.Regexp(t, `gossip packets sent \| [1-9][0-9.]* /s`, out.String())
	require.Regexp(t, `gossip packets received \| [1-9][0-9.]* /s`, out.String())
}

// TestStrategies: the same without nodes.
func TestStrategies(t *testing.T) {
	var out bytes.Buffer
	o := options{nodes: 6, interval: 100 * time.Millisecond, idle: 200 * time.Millisecond, limit: 30 * time.Second, only: true}
	require.NoError(t, measure(t.Context(), o, &out))
	require.Regexp(t, `all hear all after \| [0-9.]+ s`, out.String())
}
