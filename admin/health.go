package admin

import (
	"io"
	"net/http"
)

// healthz says whether the node runs. It asks for the members, so a node whose lock is held for ever does not answer.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	select {
	case <-s.node.Done():
		writeText(w, http.StatusServiceUnavailable, "the node has ended\n")
	default:
		s.node.Nodes()
		writeText(w, http.StatusOK, "ok\n")
	}
}

// readyz says whether the cluster is there.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := s.ready(); err != nil {
		writeText(w, http.StatusServiceUnavailable, err.Error()+"\n")
		return
	}
	writeText(w, http.StatusOK, "ready\n")
}

func (s *Server) ready() error { return s.node.Ready() }

func writeText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}
