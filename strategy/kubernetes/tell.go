package kubernetes

import "log/slog"

// teller logs what is news.
type teller struct {
	log      *slog.Logger
	failed   string          // what the last error said
	nameless map[string]bool // endpoints that were told of
}

// tell is told how things are: an error of the API server, how many nodes there are, and which endpoints have no name.
func (t *teller) tell(err error, nodes int, nameless []error) {
	switch now := text(err); {
	case now == t.failed:
	case err != nil:
		t.failed = now
		t.log.Warn("Kubernetes does not say which nodes there are, those known stay wanted; asking again", "nodes", nodes, "error", err)
	default:
		t.failed = ""
		t.log.Info("Kubernetes says again which nodes there are", "nodes", nodes)
	}
	now := make(map[string]bool, len(nameless))
	for _, err := range nameless {
		now[err.Error()] = true
		if !t.nameless[err.Error()] {
			t.log.Warn("endpoint has no node", "error", err)
		}
	}
	t.nameless = now
}
