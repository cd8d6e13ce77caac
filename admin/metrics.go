package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gonode/node"
	"gonode/strategy"
)

// metrics answers /metrics. What the node counts is read when somebody asks; the rest is counted here.
type metrics struct {
	*catalog
	server  *Server
	made    time.Time
	handler http.Handler

	roundTrip      prometheus.Histogram
	pingsFailed    prometheus.Counter
	streamsRefused prometheus.Counter
	requests       *prometheus.CounterVec
}

// scrapeTime is how long an answer may take, and scrapes how many are made at once.
const (
	scrapeTime = 10 * time.Second
	scrapes    = 4
)

func newMetrics(s *Server) *metrics {
	c := newCatalog()
	m := &metrics{
		catalog: c, server: s, made: time.Now(),
		roundTrip: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: c.roundTrip.name, Help: c.roundTrip.help, Buckets: prometheus.ExponentialBuckets(100e-6, 2, 16),
		}),
		pingsFailed:    prometheus.NewCounter(prometheus.CounterOpts(c.pingsFailed.opts())),
		streamsRefused: prometheus.NewCounter(prometheus.CounterOpts(c.streamsRefused.opts())),
		requests:       prometheus.NewCounterVec(prometheus.CounterOpts(c.requests.opts()), c.requests.labels),
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m, m.roundTrip, m.pingsFailed, m.streamsRefused, m.requests,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: scrapes, Timeout: scrapeTime, EnableOpenMetrics: true,
	})
	return m
}

// counted counts the answers of a handler.
func (m *metrics) counted(path string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &coded{ResponseWriter: w, code: http.StatusOK}
		defer func() { m.requests.WithLabelValues(path, strconv.Itoa(c.code)).Inc() }()
		next(c, r)
	}
}

// coded remembers the code of an answer.
type coded struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements http.ResponseWriter.
func (c *coded) WriteHeader(code int) {
	c.code = code
	c.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController find the rest.
func (c *coded) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Describe implements prometheus.Collector. It names nothing: peers, sources and hooks come and go.
func (m *metrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	n := m.server.node
	m.build.put(ch, 1, m.server.cfg.Version)
	m.info.put(ch, 1, n.Name(), strconv.FormatUint(uint64(n.Creation()), 10))
	m.started.put(ch, seconds(m.made))
	m.ready.put(ch, truth(m.server.ready() == nil))
	m.collectLinks(ch, n.Nodes())
	m.collectNode(ch, n.Stats())
	m.collectEvents(ch)
	m.collectDiscovery(ch)
	m.collectHooks(ch)
}

func (m *metrics) collectLinks(ch chan<- prometheus.Metric, peers []node.Peer) {
	counts := map[[2]string]int{}
	for _, k := range []string{"visible", "hidden"} {
		for _, v := range []strategy.Via{strategy.ViaPeer, strategy.ViaApplication, strategy.ViaDiscovery} {
			counts[[2]string{k, via(v)}] = 0
		}
	}
	for _, p := range peers {
		counts[[2]string{kind(p.Hidden), via(p.Via)}]++
		m.linkStarted.put(ch, seconds(p.Since), p.Name)
		m.linkIn.put(ch, float64(p.BytesIn), p.Name)
		m.linkOut.put(ch, float64(p.BytesOut), p.Name)
		m.linkSignalsIn.put(ch, float64(p.SignalsIn), p.Name)
		m.linkSignalsOut.put(ch, float64(p.SignalsOut), p.Name)
		m.linkTicksIn.put(ch, float64(p.TicksIn), p.Name)
		m.linkTicksOut.put(ch, float64(p.TicksOut), p.Name)
		m.linkQueue.put(ch, float64(p.Pending), p.Name)
		if measured := m.server.pinger.of(p); measured.rtt > 0 {
			m.linkRTT.put(ch, measured.rtt.Seconds(), p.Name)
		}
	}
	for labels, count := range counts {
		m.links.put(ch, float64(count), labels[0], labels[1])
	}
}

func (m *metrics) collectNode(ch chan<- prometheus.Metric, st node.Stats) {
	for result, count := range st.HandshakesIn {
		m.handshakes.put(ch, float64(count), "in", string(result))
	}
	for result, count := range st.HandshakesOut {
		m.handshakes.put(ch, float64(count), "out", string(result))
	}
	for reason, count := range st.Downs {
		m.downs.put(ch, float64(count), string(reason))
	}
	m.dialsFailed.put(ch, float64(st.Unresolved), string(node.StageAddress))
	m.dialsFailed.put(ch, float64(st.Unreachable), string(node.StageConnect))
	for _, s := range []struct {
		metric
		value uint64
	}{
		{m.bytesIn, st.BytesIn}, {m.bytesOut, st.BytesOut}, {m.signalsIn, st.SignalsIn}, {m.signalsOut, st.SignalsOut},
		{m.undelivered, st.Undelivered}, {m.mailboxFull, st.MailboxFull}, {m.crowdedOut, st.CrowdedOut},
		{m.reconnects, st.Reconnects}, {m.tickMisses, st.TickMisses}, {m.sendQueue, uint64(st.Pending)},
		{m.waiting, uint64(st.Waiting)}, {m.flights, uint64(st.Flights)}, {m.handshaking, uint64(st.Handshaking)},
		{m.calls, uint64(st.Calls)},
	} {
		s.put(ch, float64(s.value))
	}
}

func (m *metrics) collectEvents(ch chan<- prometheus.Metric) {
	st := m.server.node.Events().Stats()
	m.events.put(ch, float64(st.Published))
	m.eventsSkipped.put(ch, float64(st.Skipped))
	m.eventsQueued.put(ch, float64(st.Queued))
	m.subscribers.put(ch, float64(st.Subscribers))
	m.streams.put(ch, float64(len(m.server.streams)))
}

func (m *metrics) collectDiscovery(ch chan<- prometheus.Metric) {
	n := m.server.node
	states := map[strategy.State]int{
		strategy.StateQueued: 0, strategy.StateDialing: 0, strategy.StateWaiting: 0, strategy.StateUp: 0,
		strategy.StateInvalid: 0, strategy.StateLeaving: 0, strategy.StatePruned: 0,
	}
	for _, w := range n.Wanted() {
		if w.State != strategy.StateSelf {
			states[w.State]++
		}
	}
	for state, count := range states {
		m.wanted.put(ch, float64(count), state.String())
	}
	st := n.DiscoveryStats()
	m.spared.put(ch, float64(st.Spared))
	m.gaveUp.put(ch, float64(st.GaveUp))
	for _, s := range st.Sources {
		m.discoveryNodes.put(ch, float64(s.Nodes), s.Name)
		for outcome, count := range map[string]uint64{
			"full": s.Sets, "partial": s.Partials, "error": s.Errors, "suspect": s.Suspects, "believed": s.Believed,
		} {
			m.answers.put(ch, float64(count), s.Name, outcome)
		}
		m.discoveryDials.put(ch, float64(s.DialsOK), s.Name, "ok")
		m.discoveryDials.put(ch, float64(s.DialsFailed), s.Name, "failed")
		m.prunes.put(ch, float64(s.Prunes), s.Name)
		m.kept.put(ch, float64(s.Kept), s.Name)
		m.refused.put(ch, float64(s.Refused), s.Name)
	}
	for _, s := range n.Topologies() {
		m.discoveryUp.put(ch, truth(s.Spoke && s.Err == nil), s.Name)
		if !s.Last.IsZero() {
			m.lastAnswer.put(ch, seconds(s.Last), s.Name)
		}
	}
}

func (m *metrics) collectHooks(ch chan<- prometheus.Metric) {
	if m.server.cfg.Hooks == nil {
		return
	}
	for _, h := range m.server.cfg.Hooks() {
		m.hookRuns.put(ch, float64(h.OK), h.Name, "ok")
		m.hookRuns.put(ch, float64(h.Failed), h.Name, "failed")
		m.hookRuns.put(ch, float64(h.TimedOut), h.Name, "timeout")
		m.hookRetries.put(ch, float64(h.Retries), h.Name)
		m.hookSkipped.put(ch, float64(h.Skipped), h.Name)
		m.hookQueue.put(ch, float64(h.Queued), h.Name)
		m.hooksRunning.put(ch, float64(h.Running), h.Name)
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixNano()) / float64(time.Second) }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
