package poll

import (
	"context"
	"log/slog"
	"time"

	"gonode/strategy"
)

// repeatAfter is how often trouble that says something else each time is logged.
const repeatAfter = time.Minute

// reporter logs what is news.
type reporter struct {
	source string
	log    *slog.Logger

	trouble string // the last one; empty if all is well
	at      time.Time
}

// report notes the outcome of a question.
func (r *reporter) report(set strategy.Set, now time.Time) {
	if set.Partial == nil {
		if r.trouble != "" {
			r.log.Info("source answers again in full", "source", r.source, "nodes", len(set.Nodes))
			r.trouble = ""
		}
		return
	}
	text := set.Partial.Error()
	level := slog.LevelDebug
	if r.trouble == "" || text != r.trouble && now.Sub(r.at) >= repeatAfter {
		level = slog.LevelWarn
		r.trouble, r.at = text, now
	}
	r.log.Log(context.Background(), level, "source does not say in full which nodes there are, those it had stay wanted",
		"source", r.source, "error", text, "nodes", len(set.Nodes))
}
