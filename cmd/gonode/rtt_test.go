package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSummary(t *testing.T) {
	var took []time.Duration
	for i := 100; i > 0; i-- {
		took = append(took, time.Duration(i)*time.Millisecond)
	}
	require.Equal(t, rttLine{"a@h", 100, 1, 50, 99, 100}, summary("a@h", took))
	require.Equal(t, rttLine{"a@h", 1, 5, 5, 5, 5}, summary("a@h", []time.Duration{5 * time.Millisecond}))
	require.Equal(t, rttLine{"a@h", 2, 1, 1, 2, 2}, summary("a@h", []time.Duration{2 * time.Millisecond, time.Millisecond}))
}
