package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"gonode/node"
)

// Limits of the server. A stream of events has its own.
const (
	headerTime = 5 * time.Second
	readTime   = 10 * time.Second
	writeTime  = 30 * time.Second
	idleTime   = 2 * time.Minute
	maxHeader  = 16 << 10
)

// Server answers questions about a node. Any goroutine may use it.
type Server struct {
	node    *node.Node
	cfg     Config
	handler http.Handler
	metrics *metrics
	pinger  *pinger
	streams chan struct{} // a token for each reader of /events

	headerTime time.Duration // that the head of a request may take
	keepAlive  time.Duration // between signs of life to readers of /events
	streamTime time.Duration // that one write to them may take

	ctx     context.Context // done when Shutdown begins
	cancel  context.CancelFunc
	started sync.Once
	running sync.WaitGroup // the serve loops and the pinger; all end with Shutdown

	mu        sync.Mutex
	http      *http.Server
	listeners []net.Listener
}

// New returns a Server for n. It starts nothing, but answers as an http.Handler. Without Start nobody measures round trips.
func New(n *node.Node, cfg Config) *Server {
	cfg = cfg.complete()
	s := &Server{
		node: n, cfg: cfg, streams: make(chan struct{}, cfg.MaxStreams),
		headerTime: headerTime, keepAlive: 15 * time.Second, streamTime: 10 * time.Second,
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.metrics = newMetrics(s)
	s.pinger = newPinger(n, cfg, s.metrics)
	s.handler = s.routes()
	return s
}

// routes puts the handlers together. Other methods than GET and HEAD get 405.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"/healthz":        s.healthz,
		"/readyz":         s.readyz,
		"/metrics":        s.metrics.handler.ServeHTTP,
		"/members":        s.members,
		"/events":         s.events,
		"/explain/{node}": s.explain,
		"/{$}":            s.index,
	} {
		mux.HandleFunc("GET "+pattern, s.metrics.counted(pattern, handle))
	}
	return guarded(mux)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	writeText(w, http.StatusOK, "gonode "+s.node.Name()+"\n\n/healthz\n/readyz\n/metrics\n/members\n/events\n/explain/{node}\n")
}

// Start listens on Config.Listen and begins to answer and to measure. Errors are those of the addresses; nothing is left of
// a Start that failed. It is called once; end it with Shutdown.
func (s *Server) Start() error {
	err := errors.New("admin: Start was called before")
	s.started.Do(func() { err = s.start() })
	return err
}

func (s *Server) start() error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: s.headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
	}
	var listeners []net.Listener
	for _, spec := range s.cfg.Listen {
		ln, err := listen(spec, s.cfg)
		if err != nil {
			for _, ln := range listeners {
				ln.Close()
			}
			return err
		}
		listeners = append(listeners, ln)
	}
	s.mu.Lock()
	s.http, s.listeners = server, listeners
	s.mu.Unlock()
	for _, ln := range listeners {
		s.cfg.Logger.Info("answering questions over HTTP", "address", ln.Addr().String())
		s.running.Go(func() { // ends when Shutdown closes the listener
			if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
				s.cfg.Logger.Error("no longer answering over HTTP", "address", ln.Addr().String(), "error", err)
			}
		})
	}
	s.running.Go(func() { s.pinger.run(s.ctx) })
	return nil
}

// Addrs returns the addresses at which the Server listens, in the order of Config.Listen; none before Start.
func (s *Server) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []net.Addr
	for _, ln := range s.listeners {
		all = append(all, ln.Addr())
	}
	return all
}

// Shutdown ends what Start has begun: streams of events end, other answers may be finished until ctx is done. It returns
// ctx's error if some were not. It may be called more than once, and without Start.
func (s *Server) Shutdown(ctx context.Context) error {
	s.started.Do(func() {}) // too late for that
	s.cancel()
	s.mu.Lock()
	server := s.http
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	err := server.Shutdown(ctx)
	if err != nil {
		_ = server.Close()
	}
	s.running.Wait()
	return err
}
