package strategy

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPruneText(t *testing.T) {
	for text, want := range map[string]Prune{
		"":            PruneNever,
		"never":       PruneNever,
		"now":         PruneNow,
		"log-only":    PruneLogOnly,
		"after 30s":   PruneAfter(30 * time.Second),
		"after  1m5s": PruneAfter(65 * time.Second),
	} {
		p, err := ParsePrune(text)
		require.NoError(t, err, text)
		require.Equal(t, want, p)
		again, err := ParsePrune(p.String())
		require.NoError(t, err)
		require.Equal(t, p, again)
	}
	for _, text := range []string{"30s", "after", "after ", "after 0s", "after -1s", "after noon", "Never", "always"} {
		_, err := ParsePrune(text)
		require.ErrorContains(t, err, "never, log-only, now", text)
	}
	require.Equal(t, PruneNow, PruneAfter(-1))
	require.Equal(t, PruneNever, Config{}.Prune)
}

func TestPruneInConfigurations(t *testing.T) {
	var conf struct{ Prune Prune }
	require.NoError(t, json.Unmarshal([]byte(`{"prune": "after 30s"}`), &conf))
	require.Equal(t, PruneAfter(30*time.Second), conf.Prune)
	b, err := json.Marshal(conf)
	require.NoError(t, err)
	require.JSONEq(t, `{"Prune": "after 30s"}`, string(b))
	require.Error(t, json.Unmarshal([]byte(`{"prune": "maybe"}`), &conf))
}

func TestNoDisconnectorNoPruning(t *testing.T) {
	require.Equal(t, PruneLogOnly, Config{Prune: PruneNow}.complete().Prune)
	require.Equal(t, PruneNever, Config{}.complete().Prune)
}
